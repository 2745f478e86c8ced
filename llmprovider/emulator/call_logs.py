"""What was asked of the emulator, call by call, without a word of any text."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """One HTTP request. `at`: seconds since 1970 on the emulator's clock, when it came in.

    `seconds` until it was answered. `pairs`: the ordered pairs asked, as hashes of their texts
    ("first:second", 12 digits each). `input_tokens` counts all of them, cached ones included;
    tokens are 0 where the vendor would bill nothing. `key`: a hash of the API key. `job`: the batch
    job that the request was part of.
    """

    at: float
    seconds: float
    endpoint: str
    model: str
    key: str
    status: int
    fault: str = ""
    items: int = 0
    pairs: tuple[str, ...] = ()
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    request_id: str = ""
    error: str = ""
    job: str = ""


@dataclass
class CallLog:
    """All calls so far, in the order in which they were answered."""

    _calls: list[Call] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)

    def all(self) -> list[Call]:
        with self._lock:
            return list(self._calls)

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(call) for call in self.all()]


def busiest_window(
    calls: Iterable[Call], amount: Callable[[Call], float], seconds: float = 60.0
) -> float:
    """The largest sum of `amount` over calls that came in within any `seconds`."""
    arrivals = sorted((call.at, amount(call)) for call in calls)
    worst = current = 0.0
    first = 0
    for at, value in arrivals:
        current += value
        while arrivals[first][0] <= at - seconds:
            current -= arrivals[first][1]
            first += 1
        worst = max(worst, current)
    return worst
