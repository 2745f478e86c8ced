"""Tokens as vendors report them: counts, or None where what is reported cannot be a count."""

from collections.abc import Mapping
from typing import Final

from llmprovider.contracts import TokenUsage

# No model reads or writes more in one call, and more does not fit the column.
MOST_TOKENS: Final = 2**31 - 1


def usage_of(read: object, written: object, **parts: object) -> TokenUsage | None:
    """The tokens of an answer; `parts` of them by class, as TokenUsage names them, or None.

    None: the usage is unknown, and so is the bill. Every answer has read something, so no input
    means that nothing was counted.
    """
    known: dict[str, int] = {}
    given = {kind: count for kind, count in parts.items() if count is not None}
    for kind, count in {"input": read, "output": written, **given}.items():
        if type(count) is not int or not 0 <= count <= MOST_TOKENS:
            return None
        known[kind] = count
    return TokenUsage(**known) if known["input"] else None


def openai_usage(usage: object, *, read: str, written: str) -> TokenUsage | None:
    """OpenAI's usage object in either interface, by its names for tokens read and written."""
    if not isinstance(usage, Mapping):
        return None
    input_details = _details(usage, read)
    return usage_of(
        usage.get(read),
        usage.get(written),
        cache_read=input_details.get("cached_tokens"),
        cache_write=input_details.get("cache_write_tokens"),
        reasoning=_details(usage, written).get("reasoning_tokens"),
    )


def _details(usage: Mapping[str, object], tokens: str) -> Mapping[str, object]:
    details = usage.get(f"{tokens}_details")
    return details if isinstance(details, Mapping) else {}
