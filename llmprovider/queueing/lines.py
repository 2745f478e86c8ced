"""Whose turn it is: an order over waiting lines, as a pure function of who waits since when.

Batches take turns. A more urgent priority is worth a head start in waiting time, so that nothing
waits for ever: a line of priority 9 is level with a fresh one of priority 0 after 9 minutes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# Waiting for so long makes up for one step of priority.
AGEING: Final = timedelta(seconds=60)


@dataclass(frozen=True)
class Line:
    """Bundles of one batch that wait for one judge at one priority (0 first).

    `due_since`: since when the oldest of them could be worked. `last_turn_at`: when a worker last
    took up a bundle of the batch, of whatever line; None: never.
    """

    batch_key: str
    provider: str
    model: str
    priority: int
    due_since: datetime
    last_turn_at: datetime | None


def in_turn(lines: Iterable[Line], now: datetime) -> list[Line]:
    """The lines, best first.

    Between batches it counts how long the batch has gone without a turn while it could have had
    one; within a batch, how long the line's oldest bundle has waited. Each in seconds, less a
    minute for every step of priority.
    """
    lines = list(lines)
    merits: dict[str, float] = {}
    for line in lines:
        waiting_since = max(line.due_since, line.last_turn_at or line.due_since)
        merit = _merit(line.priority, waiting_since, now)
        merits[line.batch_key] = max(merit, merits.get(line.batch_key, merit))
    return sorted(
        lines,
        key=lambda line: (
            -merits[line.batch_key],
            line.batch_key,
            -_merit(line.priority, line.due_since, now),
            line.provider,
            line.model,
        ),
    )


def _merit(priority: int, waiting_since: datetime, now: datetime) -> float:
    return (now - waiting_since - priority * AGEING).total_seconds()
