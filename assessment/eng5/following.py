"""Following a batch to its end: a progress bar on a terminal, a line per wave elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from assessment.models import Batch
from llmprovider.contracts import queue as judge_queue

POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Sighting:
    """What a look at the rows shows."""

    batch: Batch
    wave: int
    max_score_change: float | None
    cost_usd: float


def look(batch_id: int) -> Sighting:
    batch = Batch.objects.defer("result").get(pk=batch_id)
    waves = list(batch.waves.order_by("-number").values_list("number", "max_score_change")[:2])
    weighed = next((change for _, change in waves if change is not None), None)
    totals = judge_queue.totals_of(str(batch_id))
    return Sighting(batch, waves[0][0] if waves else 0, weighed, float(totals["cost_usd"]))


def follow(
    batch_id: int, *, stream: TextIO = sys.stderr, step_in: Callable[[], object] = lambda: None
) -> Batch:
    """Show the batch's progress until it has ended; returns it.

    `step_in` is called at each look: whoever worked the database may have ended.
    """
    with _display(stream) as show:
        while True:
            step_in()
            seen = look(batch_id)
            show(seen)
            if seen.batch.ended:
                return Batch.objects.get(pk=batch_id)
            time.sleep(POLL_SECONDS)


@contextmanager
def _display(stream: TextIO) -> Iterator[Callable[[Sighting], None]]:
    console = Console(file=stream)
    if not console.is_terminal:
        yield _Lines(stream)
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[stability]}"),
        TextColumn("${task.fields[cost]:.4f}"),
        TimeRemainingColumn(),
        console=console,
    ) as progress:
        task = progress.add_task("starting", total=None, stability="", cost=0.0)

        def show(seen: Sighting) -> None:
            progress.update(
                task,
                description=f"wave {seen.wave}" if seen.wave else "starting",
                total=seen.batch.completion_denominator or None,
                completed=min(seen.batch.callbacks, seen.batch.completion_denominator),
                stability=_stability(seen),
                cost=seen.cost_usd,
            )

        yield show


def _stability(seen: Sighting) -> str:
    if seen.max_score_change is None:
        return "stability: not known yet"
    return f"largest change {seen.max_score_change:.2f} SD"


class _Lines:
    """One line whenever a wave begins or the batch ends, for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown: tuple[int, str] | None = None

    def __call__(self, seen: Sighting) -> None:
        state = (seen.wave, seen.batch.status)
        if state == self._shown:
            return
        self._shown = state
        self._stream.write(
            f"{seen.batch.status} wave {seen.wave}: {seen.batch.callbacks} of at most "
            f"{seen.batch.completion_denominator} comparisons, {_stability(seen)}, "
            f"${seen.cost_usd:.4f}\n"
        )
        self._stream.flush()
