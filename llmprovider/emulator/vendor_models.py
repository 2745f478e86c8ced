"""The models an emulated vendor knows, and what each takes: its own view, not our registry's.

Names come from the installed SDKs; abilities from the vendors' model pages, read in November 2026,
as rules by version rather than as a table, so that a slip in our registry does not repeat here. A
test compares the two. Models that the SDKs still name are served even past their last day.
"""

import re
from dataclasses import dataclass
from typing import Any, Final, get_args

from anthropic.types import ModelParam
from openai.types.shared.chat_model import ChatModel
from openai.types.shared.responses_model import ResponsesModel

# For OpenAI-compatible servers (local models, gateways): a plain chat model.
LOCAL_MODEL: Final = "local-judge"


@dataclass(frozen=True)
class VendorModel:
    """What a model takes. `efforts` empty: it cannot be told how hard to reason.

    `default_effort`: how hard it reasons when not told. `thinking`: the types Anthropic's takes.
    `legacy_max_tokens`: takes `max_tokens` at chat completions. `bills_cache_writes`: keeps, and
    bills, every new prefix unless told which to keep.
    """

    name: str
    max_output_tokens: int
    context_window: int
    efforts: tuple[str, ...] = ()
    default_effort: str = "none"
    verbosity: bool = False
    min_cacheable_tokens: int = 1024
    bills_cache_writes: bool = False
    temperature: bool = True
    legacy_max_tokens: bool = True
    thinking: frozenset[str] = frozenset()


def _names(annotation: Any) -> set[str]:
    """All strings among nested Literals and Unions."""
    names: set[str] = set()
    for argument in get_args(annotation):
        names |= {argument} if isinstance(argument, str) else _names(argument)
    return names


ANTHROPIC_NAMES: Final = frozenset(_names(ModelParam))
CHAT_NAMES: Final = frozenset(_names(ChatModel))
RESPONSES_NAMES: Final = frozenset(_names(ResponsesModel)) | CHAT_NAMES

_VERSION = re.compile(r"(?:claude-[a-z]+-|gpt-)(\d)(?:[.-](\d))?(?!\d)")


def _version(name: str) -> tuple[int, int]:
    """(5, 6) for gpt-5.6-sol, (4, 5) for claude-opus-4-5-20251101, (0, 0) where there is none."""
    found = _VERSION.match(name)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


_TO_HIGH: Final = ("low", "medium", "high")
_TO_MAX: Final = (*_TO_HIGH, "xhigh", "max")


def anthropic_model(name: str) -> VendorModel | None:
    """From Claude 5 on a model thinks unless told not to; before, only when told to."""
    if name not in ANTHROPIC_NAMES:
        return None
    version, line = _version(name), name.split("-")[1]
    efforts: tuple[str, ...] = _TO_MAX
    if version == (4, 5):
        efforts = _TO_HIGH if line == "opus" else ()
    elif version == (4, 6):
        efforts = (*_TO_HIGH, "max")
    default = "none"
    if version >= (5, 0) or line == "mythos":
        default = "medium" if version == (5, 5) and line in ("opus", "haiku") else "high"
    return VendorModel(
        name,
        max_output_tokens=64_000 if version == (4, 5) else 128_000,
        context_window=200_000 if version == (4, 5) else 1_000_000,
        efforts=efforts,
        default_effort=default,
        min_cacheable_tokens=_min_cacheable(version, line),
        temperature=False,
        thinking=_thinking(version, line),
    )


def _min_cacheable(version: tuple[int, int], line: str) -> int:
    if line in ("fable", "mythos") or (line == "opus" and version >= (5, 0)):
        return 512
    if version == (4, 6):
        return 4096 if line == "opus" else 2048
    if version == (4, 7):
        return 2048
    return 4096 if version == (4, 5) and line in ("opus", "haiku") else 1024


def _thinking(version: tuple[int, int], line: str) -> frozenset[str]:
    """The types of `thinking` that the model takes."""
    if line in ("fable", "mythos"):
        return frozenset({"adaptive"})
    if version == (4, 5):
        return frozenset({"enabled", "disabled"})
    return frozenset({"adaptive", "disabled"} | ({"enabled"} if version == (4, 6) else set()))


def openai_model(name: str, *, chat: bool) -> VendorModel | None:
    """`chat`: whether the model is wanted at chat completions, where some are not served."""
    if name == LOCAL_MODEL and chat:
        return VendorModel(name, 16_384, 128_000)
    if name not in (CHAT_NAMES if chat else RESPONSES_NAMES):
        return None
    version, parts = _version(name), name.split("-")
    if re.match(r"o\d", name):
        return VendorModel(
            name, 100_000, 200_000, _TO_HIGH, "medium", temperature=False, legacy_max_tokens=False
        )
    if version < (5, 0) or "chat" in parts:
        if version == (4, 1):
            return VendorModel(name, 32_768, 1_000_000)
        return VendorModel(name, 16_384, 128_000)
    efforts, default = _gpt_efforts(version, "pro" in parts)
    small = version < (5, 4) or {"mini", "nano"} & set(parts)
    return VendorModel(
        name,
        128_000,
        400_000 if small else 1_000_000 if version == (5, 5) else 1_050_000,
        efforts,
        default,
        verbosity=True,
        bills_cache_writes=version >= (5, 6),
        temperature="none" in efforts,
        legacy_max_tokens=False,
    )


def _gpt_efforts(version: tuple[int, int], pro: bool) -> tuple[tuple[str, ...], str]:
    """The efforts a GPT takes, and the one it makes unasked."""
    if pro:
        return (("high",), "high") if version == (5, 0) else (("medium", "high", "xhigh"), "medium")
    if version == (5, 0):
        return ("minimal", *_TO_HIGH), "medium"
    if version == (5, 1):
        return ("none", *_TO_HIGH), "none"
    if version < (5, 5):
        return ("none", *_TO_HIGH, "xhigh"), "none"
    return ("none", *_TO_MAX), "medium"


# Reasoning tokens per comparison, by effort: round numbers that grow as bills are known to.
REASONING_PER_ITEM: Final = {
    "none": 0,
    "minimal": 8,
    "low": 40,
    "medium": 120,
    "high": 320,
    "xhigh": 640,
    "max": 1280,
}
