"""Workers that ask a gate for as much as they get, on a simulated clock, and what a server sees."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from llmprovider.gates.rate_windows import (
    WINDOW_SECONDS,
    GrantedCall,
    Need,
    delay_for,
)
from llmprovider.providers.base import LimitKind
from llmprovider.rate_limits import RateLimits

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@dataclass(frozen=True)
class Load:
    """What each worker asks for. Output really used is a part of what is reserved."""

    workers: int = 8
    input_tokens: tuple[int, int] = (100, 100)
    reserved_output: int = 0
    output_tokens: tuple[int, int] = (0, 0)
    call_seconds: tuple[float, float] = (0.2, 3.0)
    # From the grant to the call's arrival at the server.
    lag_seconds: float = 2.9
    # A worker that has to wait wakes up to this much late.
    late_seconds: float = 0.5


# When the server counts it, in seconds from the start: (moment, amount).
Counted = dict[LimitKind, list[tuple[float, int]]]


def stream(limits: RateLimits, load: Load, seconds: float, seed: int) -> Counted:
    """Everything the server counted within `seconds`."""
    draw = random.Random(seed)
    counted: Counted = {kind: [] for kind in LimitKind}
    calls: dict[int, GrantedCall] = {}
    # (moment, order, what happens then)
    events: list[tuple[float, int, Callable[[float], None]]] = []
    numbers = iter(range(10**9))

    def then(moment: float, act: Callable[[float], None]) -> None:
        heapq.heappush(events, (moment, next(numbers), act))

    def ask(now: float) -> None:
        need = Need(draw.randint(*load.input_tokens), load.reserved_output)
        for key in [key for key, call in calls.items() if _is_over(call, now)]:
            del calls[key]
        delay = delay_for(need, list(calls.values()), limits, at(now))
        if delay.seconds > 0:
            then(now + delay.seconds + draw.uniform(0, load.late_seconds), ask)
            return
        key = next(numbers)
        calls[key] = GrantedCall(at(now), need.input_tokens, need.output_tokens, None)
        output = draw.randint(*load.output_tokens)
        arrives = now + draw.uniform(0, load.lag_seconds)
        ends = arrives + draw.uniform(*load.call_seconds)
        written = draw.uniform(arrives, ends)
        counted[LimitKind.REQUESTS].append((arrives, 1))
        counted[LimitKind.INPUT_TOKENS].append((arrives, need.input_tokens))
        counted[LimitKind.OUTPUT_TOKENS].append((written, output))
        counted[LimitKind.TOKENS] += [(arrives, need.input_tokens), (written, output)]

        def end(moment: float) -> None:
            calls[key] = replace(calls[key], output_tokens=output, finished_at=at(moment))
            ask(moment)

        then(ends, end)

    for _ in range(load.workers):
        then(draw.uniform(0, 0.1), ask)
    while events and events[0][0] < seconds:
        moment, _, act = heapq.heappop(events)
        act(moment)
    return counted


def _is_over(call: GrantedCall, now: float) -> bool:
    return call.finished_at is not None and call.finished_at < at(now - WINDOW_SECONDS)


def most_in_a_minute(counted: list[tuple[float, int]]) -> int:
    """The largest sum in any 60 seconds."""
    most = total = first = 0
    ordered = sorted(counted)
    for moment, size in ordered:
        total += size
        while ordered[first][0] <= moment - 60:
            total -= ordered[first][1]
            first += 1
        most = max(most, total)
    return most


def per_minute(counted: list[tuple[float, int]], seconds: float) -> float:
    return sum(size for moment, size in counted if moment < seconds) / seconds * 60
