"""Batch jobs of an emulated vendor: their requests, and how these are done as time passes.

A job is looked at, never waited for: what is due by now on the emulator's clock is judged when
somebody looks, and in the background so that a large job needs no patience from whoever looks.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from llmprovider.emulator.job_faults import JobFault

WINDOW_SECONDS: Final = 24 * 3600.0

# Most real seconds that one look spends on judging.
_LOOK_SECONDS: Final = 2.0
_PUMP_EVERY: Final = 0.1


class Outcome(StrEnum):
    """What became of a request, by Anthropic's names."""

    SUCCEEDED = "succeeded"
    ERRORED = "errored"
    CANCELED = "canceled"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Done:
    """A request that was dealt with: its lines in the results, and what is charged for it."""

    outcome: Outcome
    lines: bytes = field(repr=False)
    charged: Mapping[str, int] = field(default_factory=dict)
    cost_usd: float = 0.0


@dataclass
class Line:
    """One request. `due`: when it is done on the emulator's clock; `body` goes once it is.

    `at`: its place among the job's requests.
    """

    at: int
    custom_id: str
    due: float
    body: Any = field(repr=False)
    done: Done | None = None


Work = Callable[[Line], Done]
Leave = Callable[[Line, Outcome], Done]


@dataclass
class Job:
    """One batch job; times in seconds since 1970 on the emulator's clock. `serial` counts jobs.

    `work` judges a request; `leave` writes down one that will not be judged. `metadata`,
    `endpoint`, `input_file_id` and `problems` are OpenAI's.
    """

    id: str
    vendor: str
    key: str
    serial: int
    created_at: float
    starts_at: float
    lines: list[Line] = field(repr=False)
    work: Work = field(repr=False)
    leave: Leave = field(repr=False)
    finalizing_seconds: float = 0.0
    cancelling_seconds: float = 0.0
    late_seconds: float = 0.0
    fault: JobFault | None = None
    endpoint: str = ""
    model: str = ""
    input_file_id: str = ""
    metadata: Mapping[str, str] | None = None
    problems: list[dict[str, Any]] = field(default_factory=list)
    cancelled_at: float | None = None
    finished_at: float | None = None  # the last request done
    ended_at: float | None = None
    _next: int = 0
    _counts: Counter[Outcome] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._by_due = sorted(self.lines, key=lambda line: line.due)

    @property
    def expires_at(self) -> float:
        return self.created_at + WINDOW_SECONDS

    def cancel(self, now: float) -> bool:
        """Whether the job is, or was, to be cancelled; not once it has ended."""
        self.advance(now)
        with self._lock:
            if self.ended_at is not None:
                return False
            if self.cancelled_at is None:
                self.cancelled_at = now
            return True

    def advance(self, now: float) -> None:
        """Do what is due by `now`; a large job may need several looks."""
        with self._lock:
            if self.ended_at is None:
                self._advance(now)

    def _advance(self, now: float) -> None:
        if self.problems:
            if now >= self.starts_at:
                self.ended_at = self.starts_at
            return
        last = min(now, self.expires_at)
        if self.cancelled_at is not None:
            last = min(last, self.cancelled_at)
        give_up = time.monotonic() + _LOOK_SECONDS
        while self._next < len(self._by_due) and self._by_due[self._next].due <= last:
            if time.monotonic() > give_up:
                return
            line = self._by_due[self._next]
            self._finish(line, self.work(line))
        self._end(now)

    def _end(self, now: float) -> None:
        if self._next == len(self._by_due) and self.cancelled_at is None:
            self.finished_at = max([self.starts_at, *(line.due for line in self._by_due[-1:])])
            if now >= self.finished_at + self.finalizing_seconds:
                self.ended_at = self.finished_at + self.finalizing_seconds
            return
        outcome, at = Outcome.EXPIRED, self.expires_at
        if self.cancelled_at is not None:
            outcome, at = Outcome.CANCELED, self.cancelled_at + self.cancelling_seconds
        if now >= at:
            for line in self._by_due[self._next :]:
                self._finish(line, self.leave(line, outcome))
            self.ended_at = at

    def _finish(self, line: Line, done: Done) -> None:
        line.done, line.body = done, None
        self._counts[done.outcome] += 1
        self._next += 1

    @property
    def counts(self) -> Counter[Outcome]:
        with self._lock:
            return Counter(self._counts)

    def charged(self) -> tuple[Counter[str], float]:
        """Tokens charged so far by kind, and their cost in USD."""
        tokens: Counter[str] = Counter()
        cost = 0.0
        for line in list(self.lines):
            if line.done is not None:
                tokens.update(line.done.charged)
                cost += line.done.cost_usd
        return tokens, round(cost, 8)

    def results(self, order: Callable[[str], float], *outcomes: Outcome) -> Iterator[bytes]:
        """The lines of the results with these outcomes, in an order that is not the requests'."""
        for line in sorted(self.lines, key=lambda line: order(line.custom_id)):
            if line.done is not None and line.done.outcome in outcomes and line.done.lines:
                yield line.done.lines


@dataclass
class Jobs:
    """All jobs of one emulator, for as long as it runs."""

    now: Callable[[], float]
    stopping: threading.Event
    _jobs: dict[str, Job] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _pump: threading.Thread | None = None
    _serial: int = 0

    def next_serial(self) -> int:
        with self._lock:
            self._serial += 1
            return self._serial

    def add(self, job: Job) -> None:
        with self._lock:
            self._jobs[job.id] = job
            if self._pump is None:
                self._pump = threading.Thread(target=self._work, daemon=True)
                self._pump.start()

    def get(self, vendor: str, key: str, name: str) -> Job | None:
        """A job of this key, as it stands now."""
        with self._lock:
            job = self._jobs.get(name)
        if job is None or (job.vendor, job.key) != (vendor, key):
            return None
        job.advance(self.now())
        return job

    def listed(self, vendor: str, key: str) -> list[Job]:
        """The jobs of this key, the newest first."""
        jobs = [job for job in self.all() if (job.vendor, job.key) == (vendor, key)]
        for job in jobs:
            job.advance(self.now())
        return sorted(jobs, key=lambda job: job.serial, reverse=True)

    def all(self) -> list[Job]:
        with self._lock:
            return list(self._jobs.values())

    def _work(self) -> None:
        while not self.stopping.wait(_PUMP_EVERY):
            for job in self.all():
                if not self.stopping.is_set():
                    job.advance(self.now())
