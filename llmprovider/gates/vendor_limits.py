"""What a provider's headers say is left, and how long until it has refilled far enough.

Vendors ration with buckets that refill all the time, so a call need not wait for the reset, only
for what it lacks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from llmprovider.gates.rate_windows import FITS, Delay, GrantedCall, Need, amount
from llmprovider.providers.base import LimitKind, VendorLimit

MINUTE = 60.0


@dataclass(frozen=True)
class SeenLimit:
    """A limit as stated by the answer that came at `seen_at`."""

    stated: VendorLimit
    seen_at: datetime

    def in_force(self, now: datetime) -> bool:
        """False once all of the limit is free again."""
        return now < self.seen_at + timedelta(seconds=self.stated.reset)


def delay_for_refill(
    need: Need, seen: Iterable[SeenLimit], calls: Iterable[GrantedCall], now: datetime
) -> Delay:
    """The longest wait that any limit in force asks for; never more than a minute.

    `calls` made after a limit was stated are taken off what it said was left.
    """
    calls = list(calls)
    delays = [FITS]
    for limit in seen:
        if limit.in_force(now):
            kind = limit.stated.kind
            delays.append(Delay(_refill(need, limit, calls, now), f"vendor_{kind.value}"))
    return max(delays, key=lambda delay: delay.seconds)


def _refill(need: Need, seen: SeenLimit, calls: list[GrantedCall], now: datetime) -> float:
    stated = seen.stated
    elapsed = max(0.0, (now - seen.seen_at).total_seconds())
    refilled = min(float(stated.limit), stated.remaining + stated.limit * elapsed / MINUTE)
    since = sum(_taken(stated.kind, call) for call in calls if call.granted_at >= seen.seen_at)
    lacking = min(_taken(stated.kind, need), stated.limit) - (refilled - since)
    if lacking <= 0:
        return 0.0
    return min(lacking / stated.limit * MINUTE, max(0.0, stated.reset - elapsed))


def _taken(kind: LimitKind, call: Need | GrantedCall) -> int:
    """Output is counted as it is written: a call is let in while anything is left."""
    return 1 if kind is LimitKind.OUTPUT_TOKENS else amount(kind, call)


def stored(limits: Iterable[VendorLimit], now: datetime) -> dict[str, Any]:
    """Limits as JSON, by kind."""
    return {
        limit.kind.value: {
            "limit": limit.limit,
            "remaining": limit.remaining,
            "reset": limit.reset,
            "seen_at": now.isoformat(),
        }
        for limit in limits
        if limit.limit > 0
    }


def restored(rows: Mapping[str, Mapping[str, Any]]) -> list[SeenLimit]:
    """Limits from the JSON that `stored` made."""
    return [
        SeenLimit(
            VendorLimit(LimitKind(kind), row["limit"], row["remaining"], row["reset"]),
            datetime.fromisoformat(row["seen_at"]),
        )
        for kind, row in rows.items()
    ]
