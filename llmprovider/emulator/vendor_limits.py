"""What an emulated vendor allows: buckets that refill steadily, per key and model."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from llmprovider.emulator.profiles import Limits


@dataclass
class Bucket:
    """Holds up to `limit`, refilled at `limit` per minute; may fall below 0 after the fact."""

    limit: int
    level: float
    updated: float

    def refill(self, now: float) -> None:
        self.level = min(self.limit, self.level + (now - self.updated) * self.limit / 60)
        self.updated = now

    def seconds_until(self, level: float) -> float:
        """A need beyond the limit is met by a full bucket, or it never would be."""
        return max(0.0, (min(level, self.limit) - self.level) * 60 / self.limit)


@dataclass(frozen=True)
class Standing:
    """One limit as a header states it; `reset` in seconds until the whole of it is free."""

    kind: str
    limit: int
    remaining: int
    reset: float


@dataclass(frozen=True)
class Exceeded:
    """The limit that forbids a call, and for how many seconds."""

    kind: str
    limit: int
    retry_after: float


@dataclass
class VendorLimits:
    """All buckets of one vendor, by key and model."""

    limits: Limits
    now: Callable[[], float]
    _buckets: dict[tuple[str, str], dict[str, Bucket]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str, model: str, needs: dict[str, float]) -> Exceeded | None:
        """Take what a call needs (by kind: requests, input_tokens, ...), all or nothing.

        A need of 0 asks only that the bucket is not in debt.
        """
        with self._lock:
            buckets = self._for(key, model)
            waits = {
                kind: bucket.seconds_until(max(needs[kind], 1.0))
                for kind, bucket in buckets.items()
                if kind in needs
            }
            worst = max(waits, key=lambda kind: waits[kind], default=None)
            if worst is not None and waits[worst] > 0:
                return Exceeded(worst, buckets[worst].limit, waits[worst])
            self._move(buckets, needs)
            return None

    def settle(self, key: str, model: str, amounts: dict[str, float]) -> None:
        """Take (or, below 0, give back) what a call turned out to use, whatever is left."""
        with self._lock:
            self._move(self._for(key, model), amounts)

    def standings(self, key: str, model: str) -> list[Standing]:
        with self._lock:
            return [
                Standing(
                    kind,
                    bucket.limit,
                    max(0, math.floor(bucket.level)),
                    bucket.seconds_until(bucket.limit),
                )
                for kind, bucket in self._for(key, model).items()
            ]

    def _for(self, key: str, model: str) -> dict[str, Bucket]:
        now = self.now()
        if (key, model) not in self._buckets:
            self._buckets[key, model] = {
                kind: Bucket(limit, limit, now)
                for kind, limit in vars(self.limits).items()
                if limit is not None
            }
        buckets = self._buckets[key, model]
        for bucket in buckets.values():
            bucket.refill(now)
        return buckets

    @staticmethod
    def _move(buckets: dict[str, Bucket], amounts: dict[str, float]) -> None:
        for kind, amount in amounts.items():
            if kind in buckets:
                bucket = buckets[kind]
                bucket.level = min(bucket.limit, bucket.level - amount)
