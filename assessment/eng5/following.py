"""Following a batch to its end: a progress bar on a terminal, a line per wave elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TextIO

from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone
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
from assessment.lifecycle.troubles import trouble_words, troubles_of
from assessment.models import Batch
from llmprovider.contracts import bills
from llmprovider.contracts.queue import Trouble, TroubleKind

POLL_SECONDS = 0.2
# Providers take minutes to hours over a job.
JOB_POLL_SECONDS = 1.0
DATABASE_PATIENCE = 300.0


@dataclass(frozen=True)
class Sighting:
    """What a look at the rows shows."""

    batch: Batch
    wave: int
    launched: bool
    max_score_change: float | None
    cost_usd: float | None
    jobs: Sequence[Job] = ()
    troubles: Sequence[Trouble] = ()

    @property
    def over(self) -> bool:
        """The batch has ended, and no provider owes results, or a bill, for it."""
        return self.batch.ended and not unsettled(self.jobs)

    @property
    def ending(self) -> bool:
        """Every provider that is to end a job of this (cancelled) batch has been asked to.

        A job that holds other batches' comparisons too goes on for them.
        """
        to_end = (job for job in self.jobs if job["open"] and job["cancel_requested_at"])
        return all(job["cancel_sent_at"] for job in to_end)

    @property
    def handed_over(self) -> bool:
        """All there is to judge is with the providers, so that nobody has to be at work here."""
        return self.over or (self.launched and not unsent(self.jobs))


def look(batch_id: int) -> Sighting:
    batch = Batch.objects.defer("result").get(pk=batch_id)
    waves = list(batch.waves.defer("planned", "scores").order_by("-number")[:2])
    changes = [one.max_score_change for one in waves if one.max_score_change is not None]
    totals = bills.totals_of(str(batch_id))
    known = totals["known_usd"]
    cost = float(known) if known is not None else None
    return Sighting(
        batch,
        wave=waves[0].number if waves else 0,
        launched=bool(waves) and waves[0].launched,
        max_score_change=changes[0] if changes else None,
        cost_usd=cost,
        jobs=jobs_of(batch),
        troubles=troubles_of(batch),
    )


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
            seen = _look_patiently(batch_id, step_in)
            show(seen)
            if until(seen):
                return seen
            time.sleep(JOB_POLL_SECONDS if _only_waiting(seen) else POLL_SECONDS)


def _look_patiently(batch_id: int, step_in: Callable[[], object]) -> Sighting:
    """A database that restarts is waited for: who only follows loses nothing by it."""
    until = time.monotonic() + DATABASE_PATIENCE
    while True:
        try:
            step_in()
            return look(batch_id)
        except (OperationalError, InterfaceError):
            if time.monotonic() > until:
                raise
            close_old_connections()
            time.sleep(JOB_POLL_SECONDS)


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
        told = _Troubles()
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
            for words in told.news(seen):
                progress.console.print(words, markup=False, highlight=False)

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


# A pause that is over sooner is nothing to tell: providers ask for such all the time.
_SHORT_PAUSE = timedelta(seconds=10)


class _Troubles:
    """Each trouble once, when it begins."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str, TroubleKind]] = set()

    def news(self, seen: Sighting) -> list[str]:
        """What has begun to keep the batch waiting since the last look, in words."""
        soon = timezone.now() + _SHORT_PAUSE
        now = {
            (one.provider, one.model, one.kind): one
            for one in seen.troubles
            if one.since is not None or one.until > soon
        }
        # A pause is told once: it comes back while a rate limit is worked against.
        over = {key for key in self._told - now.keys() if key[2] is not TroubleKind.PAUSED}
        new = [trouble_words(one) for key, one in now.items() if key not in self._told]
        self._told = (self._told - over) | now.keys()
        return [f"Waits: {words}" for words in new]


class _Lines:
    """One line whenever a wave begins, a job gets on, a judge fails or the batch ends, for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown: tuple[object, ...] | None = None
        self._troubles = _Troubles()

    def __call__(self, seen: Sighting) -> None:
        for words in self._troubles.news(seen):
            self._stream.write(f"{words}\n")
            self._stream.flush()
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
