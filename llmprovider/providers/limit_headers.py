"""What the vendors' response headers say: limits per minute, and how long to wait."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from llmprovider.providers.base import LimitKind, VendorLimit

_ANTHROPIC: Final = {
    "requests": LimitKind.REQUESTS,
    "input-tokens": LimitKind.INPUT_TOKENS,
    "output-tokens": LimitKind.OUTPUT_TOKENS,
    "tokens": LimitKind.TOKENS,
}
_OPENAI: Final = {"requests": LimitKind.REQUESTS, "tokens": LimitKind.TOKENS}

_DURATION_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def anthropic_limits(headers: Mapping[str, str]) -> tuple[VendorLimit, ...]:
    """`anthropic-ratelimit-<kind>-{limit,remaining,reset}`; reset is a moment. Bad ones: left out.

    `headers` with names in lower case, or case-insensitive.
    """
    return tuple(_anthropic(headers))


def _anthropic(headers: Mapping[str, str]) -> Iterator[VendorLimit]:
    now = _moment(headers.get("date", "")) or datetime.now(UTC)
    for name, kind in _ANTHROPIC.items():
        try:
            limit, remaining = (
                int(headers[f"anthropic-ratelimit-{name}-{part}"])
                for part in ("limit", "remaining")
            )
            reset = datetime.fromisoformat(headers[f"anthropic-ratelimit-{name}-reset"])
            if reset.tzinfo is None:
                reset = reset.replace(tzinfo=UTC)
        except (KeyError, ValueError):
            continue
        yield VendorLimit(kind, limit, remaining, max(0.0, (reset - now).total_seconds()))


def openai_limits(headers: Mapping[str, str]) -> tuple[VendorLimit, ...]:
    """`x-ratelimit-{limit,remaining,reset}-<kind>`; reset is a duration. Bad ones: left out."""
    return tuple(_openai(headers))


def _openai(headers: Mapping[str, str]) -> Iterator[VendorLimit]:
    for name, kind in _OPENAI.items():
        try:
            limit, remaining = (
                int(headers[f"x-ratelimit-{part}-{name}"]) for part in ("limit", "remaining")
            )
            reset = seconds_of(headers[f"x-ratelimit-reset-{name}"])
        except (KeyError, ValueError):
            continue
        yield VendorLimit(kind, limit, remaining, reset)


def seconds_of(duration: str) -> float:
    """Seconds of a duration such as "6m0s", "1s" or "20ms". Raises ValueError."""
    parts = _DURATION_PART.findall(duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ValueError("not a duration")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the vendor asks to wait: `retry-after-ms`, else `retry-after` or its date."""
    for name, factor in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * factor
        except (KeyError, ValueError):
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    moment = _moment(headers.get("retry-after", ""))
    if moment is None:
        return None
    now = _moment(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (moment - now).total_seconds())


def _moment(http_date: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(http_date)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
