"""The embedded stack: real workers (threads) and beat inside the calling process."""

import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from celery import Celery
from celery.beat import EmbeddedService, Scheduler
from celery.concurrency.thread import TaskPool
from celery.worker import loops, state
from celery.worker.consumer import Consumer
from django.conf import settings
from django.db import connection
from django.utils import timezone

from assessment.lifecycle import monitoring
from cjproject.celery import app
from cjproject.zero_counts import begin_at_zero
from llmprovider.conf import get_settings
from llmprovider.contracts import queue as judge_queue

log = logging.getLogger(__name__)

LOOK_UP_SECONDS = 0.2


@dataclass(frozen=True)
class Post:
    """One worker: the queues it serves, with so many threads of its own."""

    name: str
    queues: tuple[str, ...]
    threads: int


def posts() -> list[Post]:
    """Apart, so that a provider that hangs takes no thread from any other work."""
    return [
        Post("provider", ("provider",), get_settings().PROVIDER_WORKERS),
        Post("jobs", ("jobs",), 2),
        Post("desk", ("assessment", "upkeep"), 4),
    ]


class ThreadPool(TaskPool):
    """Threads in which a chord may end: its parts are all done by then, so nothing blocks.

    Celery forbids it by one flag for all threads and lifts it for a moment, so that two chords
    ending at once trip over each other.
    """

    task_join_will_block = False


class BriskConsumer(Consumer):
    """Looks up from its queues often: Celery's own looks every two seconds whether to stop, and
    each command that judges would wait for that at its end."""

    def loop(self, consumer: Consumer, connection: Any, *rest: Any) -> None:
        loops.synloop(consumer, _ShortWaits(connection), *rest)


class _ShortWaits:
    """A connection as `synloop` uses it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def drain_events(self, timeout: float) -> None:
        self._connection.drain_events(timeout=min(timeout, LOOK_UP_SECONDS))


class BeatWithoutFile(Scheduler):
    """Holds every sweep for due at the start, and keeps no file of when each was last sent.

    Processes on different databases would write the one file at the same time, and beat ends where
    it finds its file half written or gone.
    """

    def setup_schedule(self) -> None:
        self.merge_inplace(self.app.conf.beat_schedule)
        self.install_default_entries(self.schedule)
        for entry in self.schedule.values():
            entry.last_run_at = datetime.fromtimestamp(0, UTC)


class AlreadyRunning(Exception):
    """Another process on this machine works this database."""


class EmbeddedStack:
    """Workers and beat in threads of this process, for as long as the `with` block lasts.

    One stack per database: the lock file says so, and is freed by the system when the process
    dies in any way. That makes it safe to take over whatever a dead process had leased.
    """

    def __init__(self, celery_app: Celery = app) -> None:
        self._app = celery_app
        self._lock: IO[str] | None = None
        self._threads: list[threading.Thread] = []
        self._beat: Any = None

    def __enter__(self) -> Self:
        self._lock = _take_lock(_lock_path())
        try:
            begin_at_zero()  # Celery's signal for it is that of its command
            # Celery would have each worker run Django's checks, and look at none of their findings.
            os.environ["CELERY_SKIP_CHECKS"] = "1"
            self._recover()  # before these workers lease anything of their own
            for post in posts():
                self._start_worker(post)
            self._beat = EmbeddedService(self._app, thread=True, scheduler_cls=BeatWithoutFile)
            self._beat.start()
        except BaseException:  # Ctrl-C as well: a worker left running outlives its interpreter
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        beating = self._beat is not None and self._beat.is_alive()
        if beating:
            self._beat.service.stop()  # asked; it is waited for below
        self._stop_workers()
        if beating:
            self._beat.join()  # its own `stop` waits for ever where the thread has died meanwhile
        if self._lock is not None:
            self._lock.close()

    def _start_worker(self, post: Post) -> None:
        """Returns once it consumes: which queues, the app says, for one worker at a time."""
        ready = threading.Event()

        class Worker(self._app.WorkController):  # type: ignore[name-defined,misc]
            def on_consumer_ready(self, consumer: object) -> None:
                ready.set()

        worker = Worker(
            pool=ThreadPool,
            consumer_cls=BriskConsumer,
            concurrency=post.threads,
            hostname=f"{post.name}@%h",
            queues=list(post.queues),
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        thread = threading.Thread(target=worker.start, name=f"embedded-{post.name}", daemon=True)
        self._threads.append(thread)
        thread.start()
        if not ready.wait(timeout=30):
            raise RuntimeError("an embedded worker did not start")

    def _stop_workers(self) -> None:
        """Let the workers end themselves, so that none takes a message after its pool has closed.

        Waits for the calls under way: they are paid for, and their answers are stored.
        """
        if not self._threads:
            return
        state.should_stop = 0
        try:
            for thread in self._threads:
                thread.join()
        finally:
            state.should_stop = None

    def _recover(self) -> None:
        """Take over what a process that died has left.

        The lock proves that this is the only process of its kind on a SQLite file. On a server's
        database others may be at work on other machines, so leases run out in their own time.
        """
        now = timezone.now()
        if connection.vendor == "sqlite":
            judge_queue.recover_lone_process(now)
            monitoring.monitor(now, lone_process=True)


def _lock_path() -> Path:
    """Beside a SQLite database; for another one, in the data folder."""
    if connection.vendor == "sqlite":
        return Path(f"{connection.settings_dict['NAME']}.lock")
    return Path(settings.DATA_DIR) / "embedded.lock"


def _take_lock(path: Path) -> IO[str]:
    lock = path.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise AlreadyRunning(f"another process holds {path}") from None
    return lock


@contextmanager
def to_itself() -> Iterator[bool]:
    """Keep other processes from starting work on this database while the block runs.

    False where one is at work already, or where there is a broker or a server's database, so that
    others may be.
    """
    if not settings.EMBEDDED or connection.vendor != "sqlite":
        yield False
        return
    try:
        lock = _take_lock(_lock_path())
    except AlreadyRunning:
        yield False
        return
    with lock:
        yield True


class Standby:
    """Works this database from this process as soon as no other process does.

    On the embedded default call `step_in` again and again: it starts the stack once the database
    is free, also when the process that worked it has died. With a broker it never does.
    """

    def __init__(self) -> None:
        self._stack: EmbeddedStack | None = None

    @property
    def working(self) -> bool:
        """Whether this process judges."""
        return self._stack is not None

    def step_in(self) -> bool:
        """Start the stack here if it is needed and can be; returns `working`."""
        if settings.EMBEDDED and self._stack is None:
            stack = EmbeddedStack()
            with suppress(AlreadyRunning):
                stack.__enter__()
                self._stack = stack
        return self.working

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stack is not None:
            self._stack.__exit__(kind, error, trace)
