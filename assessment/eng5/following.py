"""Following a batch to its end: a progress bar on a terminal, a line per wave elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
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

from assessment.lifecycle.job_words import progress_words
from assessment.lifecycle.jobs import Job, jobs_of, unsent, unsettled
from assessment.models import Batch
from llmprovider.contracts import queue as judge_queue

POLL_SECONDS = 0.2
# Providers take minutes to hours over a job.
JOB_POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Sighting:
    """What a look at the rows shows."""

    batch: Batch
    wave: int
    max_score_change: float | None
    cost_usd: float | None
    jobs: Sequence[Job] = ()

    @property
    def over(self) -> bool:
        """The batch has ended, and no provider owes results, or a bill, for it."""
        return self.batch.ended and not unsettled(self.jobs)

    @property
    def ending(self) -> bool:
        """Every provider that has a job of this (cancelled) batch has been asked to end it."""
        return all(job["cancel_sent_at"] for job in self.jobs if job["open"])

    @property
    def handed_over(self) -> bool:
        """All there is to judge is with the providers, so that nobody has to be at work here."""
        return self.over or (self.wave > 0 and not unsent(self.jobs))


def look(batch_id: int) -> Sighting:
    batch = Batch.objects.defer("result").get(pk=batch_id)
    waves = list(batch.waves.order_by("-number").values_list("number", "max_score_change")[:2])
    weighed = next((change for _, change in waves if change is not None), None)
    totals = judge_queue.totals_of(str(batch_id))
    known = totals["known_usd"]
    cost = float(known) if known is not None else None
    return Sighting(batch, waves[0][0] if waves else 0, weighed, cost, jobs_of(batch))


def follow(
    batch_id: int,
    *,
    stream: TextIO = sys.stderr,
    step_in: Callable[[], object] = lambda: None,
    until: Callable[[Sighting], bool] = lambda seen: seen.over,
) -> Sighting:
    """Show the batch's progress until `until` is true of what is seen; returns that.

    `step_in` is called at each look: whoever worked the database may have ended.
    """
    with _display(stream) as show:
        while True:
            step_in()
            seen = look(batch_id)
            show(seen)
            if until(seen):
                return seen
            time.sleep(JOB_POLL_SECONDS if _only_waiting(seen) else POLL_SECONDS)


def _only_waiting(seen: Sighting) -> bool:
    return bool(seen.jobs) and not unsent(seen.jobs)


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
        TextColumn("{task.fields[cost]}"),
        TimeRemainingColumn(),
        console=console,
    ) as progress:
        task = progress.add_task("starting", total=None, stability="", cost="")

        def show(seen: Sighting) -> None:
            progress.update(
                task,
                description=f"wave {seen.wave}" if seen.wave else "starting",
                total=seen.batch.completion_denominator or None,
                completed=min(seen.batch.callbacks, seen.batch.completion_denominator),
                stability=_course(seen),
                cost=_cost(seen),
            )

        yield show


def _cost(seen: Sighting) -> str:
    return f"${seen.cost_usd:.4f}" if seen.cost_usd is not None else "cost unknown"


def _stability(seen: Sighting) -> str:
    if seen.max_score_change is None:
        return "stability: not known yet"
    return f"largest change {seen.max_score_change:.2f} SD"


def _course(seen: Sighting) -> str:
    """How far the scores have settled; in a single wave, how far the jobs are."""
    return progress_words(seen.jobs) or _stability(seen)


class _Lines:
    """One line whenever a wave begins, a job gets on or the batch ends, for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown: tuple[object, ...] | None = None

    def __call__(self, seen: Sighting) -> None:
        states = tuple((job["status"], job["vendor_status"]) for job in seen.jobs)
        state = (seen.wave, seen.batch.status, states)
        if state == self._shown:
            return
        self._shown = state
        self._stream.write(
            f"{seen.batch.status} wave {seen.wave}: {seen.batch.callbacks} of at most "
            f"{seen.batch.completion_denominator} comparisons, {_course(seen)}, "
            f"{_cost(seen)}\n"
        )
        self._stream.flush()
