"""What an answer of a receiver means, and when to try again."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(hours=1)
# A receiver that nothing reaches is asked this often, whichever event's turn it is.
TARGET_WAIT = timedelta(seconds=30)
# A refusal may be a receiver that is just being set up, or set right: that takes half an hour.
MOST_REFUSALS = 8
# However late it is: workers that were away have not tried.
LEAST_ATTEMPTS = 5


class Verdict(StrEnum):
    DELIVERED = "delivered"
    LATER = "later"  # may pass by itself
    REFUSED = "refused"  # passes only if somebody changes something
    GONE = "gone"  # the receiver asks to be left alone


def verdict_of(status: int) -> Verdict:
    """What an HTTP status says. A redirect is not followed, so it is a refusal."""
    if 200 <= status < 300:
        return Verdict.DELIVERED
    if status == 410:
        return Verdict.GONE
    if status in (408, 425, 429) or status >= 500:
        return Verdict.LATER
    return Verdict.REFUSED


def is_of_target(status: int | None) -> bool:
    """Whether a failure is of the receiver as a whole, not perhaps of this one event."""
    return status in (None, 429, 502, 503, 504)


def asked_wait(header: str | None, now: datetime) -> timedelta:
    """Retry-After, in seconds or as a date; none or nonsense is no wait, a long one is cut."""
    if not header:
        return timedelta()
    try:
        if header.strip().isdigit():
            wait = timedelta(seconds=min(int(header), LONGEST_WAIT.total_seconds()))
        else:
            date = parsedate_to_datetime(header)
            wait = (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        return timedelta()
    return min(max(wait, timedelta()), LONGEST_WAIT)


def wait_after(failures: int, asked: timedelta, draw: float) -> timedelta:
    """Before the next attempt, after so many failures; `draw` in [0, 1) spreads it.

    From 15 s doubling to an hour, of which at least half, and never less than was asked for.
    """
    doubled = min(FIRST_WAIT * (1 << min(failures - 1, 20)), LONGEST_WAIT)
    return max(doubled * (0.5 + 0.5 * draw), asked)


@dataclass(frozen=True)
class Standing:
    """One event's deliveries to one target since they were asked for, this failure included."""

    failures: int
    refusals: int
    asked_at: datetime


def is_hopeless(
    standing: Standing, verdict: Verdict, next_at: datetime, patience: timedelta
) -> bool:
    """Whether to stop: refused for good or too often, or the next attempt would be too late."""
    if verdict is Verdict.GONE or standing.refusals >= MOST_REFUSALS:
        return True
    return standing.failures >= LEAST_ATTEMPTS and next_at > standing.asked_at + patience
