"""What each known model accepts, as data.

Sources, read in November 2026: the model names and shutdown dates in the installed SDKs (anthropic
2.11 `types/model.py` and `DEPRECATED_MODELS`, openai 3.52 `types/shared/chat_model.py`), context
windows in genai-prices 0.2.3, and the vendors' own model pages for output limits, effort levels and
smallest cacheable prefixes. Where these are silent the table is generous to the caller: a value
that may be accepted is left for the vendor to judge; only what is known to be wrong is refused.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final


class Api(StrEnum):
    """The form of the call a model is asked in."""

    MOCK = "mock"
    ANTHROPIC_MESSAGES = "anthropic_messages"
    OPENAI_RESPONSES = "openai_responses"
    OPENAI_CHAT = "openai_chat"


@dataclass(frozen=True)
class KnownModel:
    """One model family; dated snapshots share it. Token counts are per call.

    `temperature`: takes one at all, up to `highest_temperature`; a model that reasons takes it only
    with effort `none`. `default_effort`: what the model does when no effort is named; `none` where
    it does not reason unasked, empty where it cannot reason at all. `min_cacheable_tokens`: the
    shortest prefix a provider keeps; None: it keeps none.
    `bills_cache_writes`: keeps, and bills, every new prefix unless told which one to keep.
    `batch`: served by the batch API.
    `retires`: the last day the vendor promises, or the day it was shut down.
    """

    provider: str
    model: str
    api: Api
    context_window: int
    max_output_tokens: int
    temperature: bool = False
    highest_temperature: float = 2.0
    default_effort: str = ""
    reasoning_efforts: tuple[str, ...] = ()
    verbosities: tuple[str, ...] = ()
    min_cacheable_tokens: int | None = None
    bills_cache_writes: bool = False
    batch: bool = True
    retires: date | None = None


_TO_HIGH: Final = ("low", "medium", "high")
_TO_MAX: Final = (*_TO_HIGH, "xhigh", "max")
_VERBOSITIES: Final = ("low", "medium", "high")

_CLAUDE: Final = KnownModel(
    "anthropic",
    "",
    Api.ANTHROPIC_MESSAGES,
    context_window=1_000_000,
    max_output_tokens=128_000,
    default_effort="high",
    reasoning_efforts=_TO_MAX,
    min_cacheable_tokens=1_024,
)
# Up to 4.8 Claude does not think unless told to; this service never tells it to.
_CLAUDE_4: Final = replace(_CLAUDE, default_effort="none", min_cacheable_tokens=4_096)

_GPT: Final = KnownModel(
    "openai",
    "",
    Api.OPENAI_RESPONSES,
    context_window=1_050_000,
    max_output_tokens=128_000,
    temperature=True,
    default_effort="medium",
    reasoning_efforts=("none", *_TO_MAX),
    verbosities=_VERBOSITIES,
    min_cacheable_tokens=1_024,
)
_GPT_6: Final = replace(_GPT, bills_cache_writes=True)  # from 5.6 on
_GPT_5_4: Final = replace(
    _GPT, default_effort="none", reasoning_efforts=("none", *_TO_HIGH, "xhigh")
)
_GPT_5: Final = replace(
    _GPT,
    context_window=400_000,
    temperature=False,
    reasoning_efforts=("minimal", *_TO_HIGH),
    retires=date(2026, 12, 11),
)
_GPT_4: Final = replace(
    _GPT,
    context_window=1_000_000,
    max_output_tokens=32_768,
    default_effort="",
    reasoning_efforts=(),
    verbosities=(),
    retires=date(2027, 1, 14),
)
_GPT_PRO: Final = replace(
    _GPT, temperature=False, reasoning_efforts=("medium", "high", "xhigh"), context_window=400_000
)

_TABLE: Final = (
    replace(_CLAUDE, model="claude-fable-5-2", min_cacheable_tokens=512),
    replace(_CLAUDE, model="claude-fable-5-1", min_cacheable_tokens=512),
    replace(_CLAUDE, model="claude-fable-5", min_cacheable_tokens=512),
    replace(_CLAUDE, model="claude-mythos-5-2", min_cacheable_tokens=512),
    replace(_CLAUDE, model="claude-mythos-5-1", min_cacheable_tokens=512),
    replace(_CLAUDE, model="claude-mythos-5", min_cacheable_tokens=512),
    replace(_CLAUDE, model="claude-opus-5-5", default_effort="medium", min_cacheable_tokens=512),
    replace(_CLAUDE, model="claude-opus-5", min_cacheable_tokens=512),
    replace(_CLAUDE, model="claude-sonnet-5-5"),
    replace(_CLAUDE, model="claude-sonnet-5"),
    replace(_CLAUDE, model="claude-haiku-5-5", default_effort="medium"),
    replace(_CLAUDE_4, model="claude-opus-4-8", min_cacheable_tokens=1_024),
    replace(_CLAUDE_4, model="claude-opus-4-7", min_cacheable_tokens=2_048),
    replace(_CLAUDE_4, model="claude-opus-4-6", reasoning_efforts=(*_TO_HIGH, "max")),
    replace(
        _CLAUDE_4,
        model="claude-sonnet-4-6",
        reasoning_efforts=(*_TO_HIGH, "max"),
        min_cacheable_tokens=2_048,
    ),
    replace(
        _CLAUDE_4,
        model="claude-opus-4-5",
        context_window=200_000,
        max_output_tokens=64_000,
        reasoning_efforts=_TO_HIGH,
    ),
    replace(
        _CLAUDE_4,
        model="claude-haiku-4-5",
        context_window=200_000,
        max_output_tokens=64_000,
        reasoning_efforts=(),
    ),
    replace(
        _CLAUDE_4,
        model="claude-sonnet-4-5",
        context_window=200_000,
        max_output_tokens=64_000,
        reasoning_efforts=(),
        min_cacheable_tokens=1_024,
        retires=date(2026, 11, 30),
    ),
    replace(_GPT_6, model="gpt-6-astra"),
    replace(_GPT_6, model="gpt-6.1-sol"),
    replace(_GPT_6, model="gpt-6.1-terra"),
    replace(_GPT_6, model="gpt-6-sol"),
    replace(_GPT_6, model="gpt-6-luna"),
    replace(_GPT_6, model="gpt-5.6-sol"),
    replace(_GPT_6, model="gpt-5.6-terra"),
    replace(_GPT_6, model="gpt-5.6-luna"),
    replace(_GPT, model="gpt-5.5", context_window=1_000_000),
    replace(_GPT_5_4, model="gpt-5.4"),
    replace(_GPT_5_4, model="gpt-5.4-mini", context_window=400_000),
    replace(_GPT_5_4, model="gpt-5.4-nano", context_window=400_000, retires=date(2027, 4, 1)),
    replace(_GPT_5_4, model="gpt-5.2", context_window=400_000),
    replace(
        _GPT_5_4,
        model="gpt-5.1",
        context_window=400_000,
        reasoning_efforts=("none", *_TO_HIGH),
        retires=date(2027, 4, 1),
    ),
    replace(_GPT_5, model="gpt-5"),
    replace(_GPT_5, model="gpt-5-mini"),
    replace(_GPT_5, model="gpt-5-nano"),
    replace(_GPT_PRO, model="gpt-5.5-pro", context_window=1_000_000),
    replace(_GPT_PRO, model="gpt-5.2-pro"),
    replace(_GPT_PRO, model="gpt-5-pro", default_effort="high", reasoning_efforts=("high",)),
    replace(
        _GPT_5,
        model="o3",
        context_window=200_000,
        max_output_tokens=100_000,
        reasoning_efforts=_TO_HIGH,
        verbosities=(),
    ),
    replace(_GPT_4, model="gpt-4.1"),
    replace(_GPT_4, model="gpt-4.1-mini"),
    replace(_GPT_4, model="gpt-4o", context_window=128_000, max_output_tokens=16_384),
    replace(_GPT_4, model="gpt-4o-mini", context_window=128_000, max_output_tokens=16_384),
)
KNOWN_MODELS: Final = {(known.provider, known.model): known for known in _TABLE}

# A mock judge's answers depend on nothing but its key, so it can promise what temperature 0 asks.
MOCK_MODEL: Final = KnownModel(
    "mock",
    "",
    Api.MOCK,
    context_window=1_000_000,
    max_output_tokens=200_000,
    temperature=True,
    highest_temperature=0.0,
)

_SHUT: Final = {
    "anthropic": {
        date(2025, 7, 21): "claude-2.1 claude-2.0 claude-3-sonnet",
        date(2026, 1, 5): "claude-3-opus",
        date(2026, 2, 19): (
            "claude-3-7-sonnet claude-3-7-sonnet-latest claude-3-5-haiku claude-3-5-haiku-latest"
        ),
        date(2026, 6, 15): "claude-opus-4-0 claude-opus-4 claude-sonnet-4-0 claude-sonnet-4",
        date(2026, 6, 30): "claude-mythos-preview",
    },
    "openai": {
        date(2024, 9, 13): (
            "gpt-3.5-turbo-16k gpt-3.5-turbo-0301 gpt-3.5-turbo-0613 gpt-3.5-turbo-16k-0613"
        ),
        date(2024, 12, 6): "gpt-4-vision-preview",
        date(2025, 6, 6): "gpt-4-32k gpt-4-32k-0314 gpt-4-32k-0613",
        date(2025, 7, 28): "o1-preview",
        date(2025, 10, 27): "o1-mini",
        date(2026, 2, 12): "codex-mini-latest",
        date(2026, 2, 17): "chatgpt-4o-latest",
        date(2026, 3, 26): "gpt-4-0125-preview gpt-4-turbo-preview gpt-4-0314",
        date(2026, 7, 23): "gpt-5.1-codex gpt-5.1-chat-latest gpt-5-chat-latest",
        date(2026, 8, 10): "gpt-5.3-chat-latest gpt-5.2-chat-latest",
        date(2026, 9, 28): "gpt-3.5-turbo-1106",
        date(2026, 10, 23): (
            "gpt-4.1-nano o4-mini o3-mini o1 gpt-4o-2024-05-13 gpt-4-turbo gpt-4-1106-preview "
            "gpt-4 gpt-4-0613 gpt-3.5-turbo gpt-3.5-turbo-0125"
        ),
    },
}
SHUT_DOWN: Final = {
    (provider, model): day
    for provider, days in _SHUT.items()
    for day, models in days.items()
    for model in models.split()
}

# Parts of the names of OpenAI models that cannot write a verdict.
NOT_FOR_TEXT: Final = (
    "audio",
    "computer-use",
    "dall-e",
    "deep-research",
    "embedding",
    "image",
    "instruct",
    "live",
    "moderation",
    "realtime",
    "search",
    "sora",
    "transcribe",
    "tts",
    "whisper",
)
