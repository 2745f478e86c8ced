"""Grounds: one installation of the project under load, on either stack, and how to disturb it."""

import itertools
import json
import random
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from deploy.native import free_port
from llmprovider.emulator.emulators import DUMMY_KEY
from tests.chaos.witnesses import Testimony, testimony
from tests.servers.postgresql import PostgreSQL
from tests.servers.processes import Child, accepts_connections, wait_until
from tests.servers.redis_servers import Redis
from tests.servers.sites import SAMPLES, Site

COMPARISONS = 300
BUNDLE = 5
CALLS = COMPARISONS // BUNDLE
# Calls at a time of one judge, on both stacks; on the servers two processes share them.
SLOTS = 8
JUDGE = "anthropic:claude-haiku-4-5"
# What takes minutes in use takes seconds here.
SETTINGS = {
    "LLM_PROVIDER_SERVICE_PROVIDER_TIMEOUT_SECONDS": "10",
    "LLM_PROVIDER_SERVICE_LOST_MESSAGE_SECONDS": "3",
    "LLM_PROVIDER_SERVICE_CIRCUIT_OPEN_SECONDS": "2",
    "LLM_PROVIDER_SERVICE_SERIAL_BUNDLE_MAX_REQUESTS_PER_CALL": str(BUNDLE),
    "LLM_PROVIDER_SERVICE_PROVIDER_WORKERS": str(2 * SLOTS),  # of which one judge gets half
    # Three waves, and no end before the budget.
    "CJ_ASSESSMENT_SERVICE_COMPARISONS_PER_STABILITY_CHECK_ITERATION": "100",
    "CJ_ASSESSMENT_SERVICE_SCORE_STABILITY_THRESHOLD": "1e-9",
}
PATIENCE = 480.0


class Ground:
    """A run of 300 comparisons, its provider, and the processes that judge it.

    `stack`: "embedded", or "servers" with a PostgreSQL and a Redis of its own. `chaos`: what is
    wrong with every process from the start (`tests.chaos.apps`). `lease`: seconds after which a
    call without an answer is taken from its worker. `moments`: numbers of calls after which faults
    are to strike, so many, in order.
    """

    def __init__(
        self,
        folder: Path,
        *,
        seed: int,
        chaos: str = "",
        lease: int = 12,
        moments: int = 1,
        postgresql: PostgreSQL | None = None,
        redis: Redis | None = None,
        database_url: str = "",
    ) -> None:
        self.seed, self.random = seed, random.Random(f"{folder.name} {seed}")
        self.moments = sorted(self.random.sample(range(3, CALLS * 4 // 5), moments))
        self.output = folder / "run"
        self._log, self._port = folder / "calls.jsonl", free_port()
        self._postgresql, self._redis = postgresql, redis
        self.clock = folder / "clock"
        self.chaos = chaos
        base = f"http://127.0.0.1:{self._port}"
        self.site = Site(
            folder,
            database_url=database_url,
            redis_url=redis.url(0) if redis else "",
            ANTHROPIC_BASE_URL=base,
            ANTHROPIC_API_KEY=DUMMY_KEY,
            LLM_PROVIDER_SERVICE_PROCESSING_LEASE_SECONDS=str(lease),
            **SETTINGS,
        )
        self._names = itertools.count(1)
        self.provider: Child
        self.command: Child
        self.judges: dict[str, Child] = {}
        self.desks: dict[str, Child] = {}
        self.beat: Child | None = None

    @property
    def embedded(self) -> bool:
        return self._redis is None

    @property
    def workers(self) -> dict[str, Child]:
        return {**self.judges, **self.desks}

    def begin(self, shifted: str = "") -> None:
        """Start everything, and the run.

        `shifted`: the worker whose clock can be set wrong; embedded, it is the command's.
        """
        self.start_provider()
        if not self.embedded:
            # As `make judge-worker` and `make worker` do, the first on two machines.
            for name in ("judge1", "judge2", "desk"):
                self.start_worker(name, self._missetting() if name == shifted else self.chaos)
            self.start_beat()
        elif shifted:
            self.chaos = self._missetting()
        self.start_command("execute", *self._essays(), *self._options())

    def _missetting(self) -> str:
        return ",".join(filter(None, (self.chaos, f"clock={self.clock}")))

    def start_provider(self) -> None:
        words = (sys.executable, "-m", "tests.chaos.witnesses", str(self._port), self._log)
        self.provider = self.site.start(f"provider-{next(self._names)}", words)

        def ready() -> bool:
            return accepts_connections(self._port)

        wait_until(ready, 180, "the provider", alive=[self.provider])

    def start_worker(self, name: str, chaos: str | None = None) -> None:
        judging = name.startswith("judge")
        queues = "provider" if judging else "assessment,upkeep,jobs"
        slots = str(SLOTS // 2) if judging else "2"
        child = self._start(
            f"{name}-{next(self._names)}",
            *("celery", "-A", "tests.chaos.apps", "worker", "--queues", queues),
            *("--pool", "threads" if judging else "prefork", "--concurrency", slots),
            *("--hostname", f"{name}.{next(self._names)}@%h", "--loglevel", "INFO"),
            chaos=self.chaos if chaos is None else chaos,
        )
        (self.judges if judging else self.desks)[name] = child

    def start_beat(self) -> None:
        self.beat = self._start("beat", "celery", "-A", "tests.chaos.apps", "beat")

    def start_command(self, *arguments: str | Path) -> None:
        words = ("tests.chaos.manage", "eng5", *arguments)
        self.command = self._start(f"eng5-{next(self._names)}", *words)

    def resume(self) -> None:
        self.start_command("resume", self.output)

    def manage(self, *arguments: str | Path) -> Child:
        """Run a command of `manage.py` to its end, whatever that is."""
        child = self._start(f"{arguments[0]}-{next(self._names)}", "tests.chaos.manage", *arguments)
        child.wait(PATIENCE)
        return child

    def _start(self, name: str, *words: str | Path, chaos: str | None = None) -> Child:
        what = self.chaos if chaos is None else chaos
        return self.site.start(name, ("env", f"CHAOS={what}", sys.executable, "-m", *words))

    def _essays(self) -> list[str | Path]:
        return [
            *("--students", SAMPLES / "students", "--anchors", SAMPLES / "anchors"),
            *("--grades", SAMPLES / "grades.csv"),
        ]

    def _options(self) -> list[str | Path]:
        return [
            *("--judge", JUDGE, "--llm-batching-mode", "serial_bundle"),
            *("--max-comparisons", str(COMPARISONS), "--seed", str(self.seed)),
            *("--output", self.output),
        ]

    def wait_for_calls(self, number: int) -> None:
        """Until the provider has answered so many calls; the run must not have ended before."""
        self.wait_until(lambda: self.seen().calls >= number, f"{number} calls")

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        wait_until(
            lambda: self._supervised(condition),
            PATIENCE,
            what,
            self.site.children,
            alive=[self.command],
        )

    def seen(self) -> Testimony:
        """What the provider has answered so far."""
        return testimony(self._log)

    def end(self) -> int:
        """The exit code of the command, once it has ended."""
        wait_until(
            lambda: self._supervised(lambda: self.command.returncode is not None),
            PATIENCE,
            "the run to end",
            self.site.children,
        )
        code = self.command.returncode
        assert code is not None
        return code

    def _supervised(self, condition: Callable[[], bool]) -> bool:
        """As the compose file's restart policy does: a worker that gave up is started again.

        Celery's may, when the broker goes away while they have messages to acknowledge. What a
        fault has killed, the fault itself brings back.
        """
        for name, worker in self.workers.items():
            if worker.returncode not in (None, -signal.SIGKILL):
                self.start_worker(name)
        return condition()

    def crash_database(self) -> None:
        assert self._postgresql is not None
        self._postgresql.crash()

    def begin_database(self) -> None:
        assert self._postgresql is not None
        self._postgresql.begin()

    def deadlocks(self) -> list[str]:
        """As the database's server tells of them, whatever became of who met them."""
        if self._postgresql is None:
            return []
        return self._postgresql.deadlocks(self.site.database_url.rsplit("/", 1)[-1])

    @property
    def broker(self) -> Redis:
        assert self._redis is not None
        return self._redis

    def kill(self, child: Child, *, or_ended: bool = False) -> None:
        """`or_ended`: it may have ended by itself just before, well or because the disk is full."""
        child.kill()
        assert child.returncode == -signal.SIGKILL or (or_ended and child.returncode in (0, 1))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database holds, read in a connection of the test's own."""
        if not self.embedded:
            with psycopg.connect(self.site.database_url) as connection:
                return connection.execute(query).fetchall()  # type: ignore[arg-type]
        path = self.site.folder / "data" / "essay_judge.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as database:
            return database.execute(query).fetchall()

    def value(self, query: str) -> Any:
        return self.rows(query)[0][0]

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.output / "run.json").read_text(encoding="utf-8"))
        return found
