"""Sliding windows: how long until a further call fits the limits per minute and at one time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from llmprovider.providers.base import LimitKind
from llmprovider.rate_limits import RateLimits

# The provider counts a call when it arrives, a moment after it was granted here. With three
# seconds more than its minute, a call that is late by up to three seconds breaks no limit; it
# costs 5 % of the throughput.
WINDOW_SECONDS = 63.0
# So that a minute's allowance is not one burst. A fifth in ten seconds, not a sixth: workers wake
# late, and what they lose must not be lost for the whole minute.
PACE_SECONDS = 10.0
PACE_SHARE = 1 / 5
# Calls under way may end, or turn out smaller than reserved, at any time: look again after this.
LOOK_AGAIN_SECONDS = 1.0

# Output is not paced: it is spread by itself, and what is reserved for it is mostly never used.
_PACED = (LimitKind.REQUESTS, LimitKind.INPUT_TOKENS, LimitKind.TOKENS)


@dataclass(frozen=True)
class Need:
    """Upper bounds of one call's tokens."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class GrantedCall:
    """A call that was let through. Tokens: as reserved; once finished, as used.

    `finished_at` is None while it may still be under way.
    """

    granted_at: datetime
    input_tokens: int
    output_tokens: int
    finished_at: datetime | None


@dataclass(frozen=True)
class Delay:
    """How long a call has to wait, and for which limit. 0.0 seconds: it fits now."""

    seconds: float
    reason: str


FITS = Delay(0.0, "")


def delay_for(need: Need, calls: Sequence[GrantedCall], limits: RateLimits, now: datetime) -> Delay:
    """The longest wait that any of `limits` asks for, given all `calls` of the last windows.

    A call that needs more than a whole minute's limit goes when the window is empty, alone:
    it is an upper bound, and waiting would never make it smaller.
    """
    delays = [FITS]
    if limits.concurrency is not None:
        under_way = sum(call.finished_at is None for call in calls)
        if under_way >= limits.concurrency:
            delays.append(Delay(LOOK_AGAIN_SECONDS, "concurrency"))
    for kind, limit in limits.per_minute().items():
        reason = f"{kind.value}_per_minute"
        delays.append(Delay(_until_it_fits(need, calls, kind, limit, now), reason))
        if kind in _PACED:
            delays.append(Delay(_until_paced(calls, kind, limit, now), reason))
    return max(delays, key=lambda delay: delay.seconds)


def amount(kind: LimitKind, call: Need | GrantedCall) -> int:
    """What a call takes of a limit."""
    if kind is LimitKind.REQUESTS:
        return 1
    if kind is LimitKind.INPUT_TOKENS:
        return call.input_tokens
    if kind is LimitKind.OUTPUT_TOKENS:
        return call.output_tokens
    return call.input_tokens + call.output_tokens


def _until_it_fits(
    need: Need, calls: Iterable[GrantedCall], kind: LimitKind, limit: int, now: datetime
) -> float:
    parts = [
        (leaves, size)
        for call in calls
        for leaves, size in _parts(kind, call)
        if size and (leaves is None or leaves > now)
    ]
    excess = sum(size for _, size in parts) + min(amount(kind, need), limit) - limit
    if excess <= 0:
        return 0.0
    wait = None
    for leaves, size in sorted((leaves, size) for leaves, size in parts if leaves is not None):
        excess -= size
        if excess <= 0:
            wait = (leaves - now).total_seconds()
            break
    if any(leaves is None for leaves, _ in parts):
        return min(wait or LOOK_AGAIN_SECONDS, LOOK_AGAIN_SECONDS)
    return wait or LOOK_AGAIN_SECONDS


def _parts(kind: LimitKind, call: GrantedCall) -> list[tuple[datetime | None, int]]:
    """What a call takes of a limit, and when it leaves the window (None: not known yet).

    Output is counted by the provider some time before the call ends, at the latest then.
    """
    window = timedelta(seconds=WINDOW_SECONDS)
    written = call.finished_at + window if call.finished_at is not None else None
    if kind is LimitKind.REQUESTS:
        return [(call.granted_at + window, 1)]
    parts: list[tuple[datetime | None, int]] = []
    if kind is not LimitKind.OUTPUT_TOKENS:
        parts.append((call.granted_at + window, call.input_tokens))
    if kind is not LimitKind.INPUT_TOKENS:
        parts.append((written, call.output_tokens))
    return parts


def _until_paced(calls: Iterable[GrantedCall], kind: LimitKind, limit: int, now: datetime) -> float:
    """Until less than the pace's share was granted in the last ten seconds."""
    pace = timedelta(seconds=PACE_SECONDS)
    recent = sorted(
        (call.granted_at + pace, 1 if kind is LimitKind.REQUESTS else call.input_tokens)
        for call in calls
        if call.granted_at + pace > now
    )
    taken = sum(size for _, size in recent)
    wait = 0.0
    for leaves, size in recent:
        if taken < limit * PACE_SHARE:
            break
        taken -= size
        wait = (leaves - now).total_seconds()
    return wait
