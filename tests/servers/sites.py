"""A site: the project's own processes over one database and one broker."""

import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from celery import Celery
from celery.utils.nodenames import gethostname

from deploy.native import free_port
from tests.servers.processes import PROJECT, Child, accepts_connections, wait_until

# What a developer's shell may hold; a site's settings are the test's alone.
_PREFIXES = ("DJANGO_", "CJ_", "LLM_", "DATABASE_", "REDIS_", "CELERY_", "LOG_LEVEL")
SAMPLES = PROJECT / "samples"


class Site:
    """Commands, workers, beat and web of one installation; all stopped when the block ends.

    Without `database_url` and `redis_url` it is the embedded default, on files in `folder`.
    """

    def __init__(
        self, folder: Path, *, database_url: str = "", redis_url: str = "", **settings: str
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.database_url, self.redis_url = database_url, redis_url
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(_PREFIXES)
        }
        servers = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
        self.environment = {
            **inherited,
            "CJ_DATA_DIR": str(folder / "data"),
            **{name: value for name, value in servers.items() if value},
            **settings,
        }
        self.children: list[Child] = []
        self._stopping = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in self.children:  # all are asked before any is waited for
            child.ask_to_end()
        self._stopping.close()

    def start(self, name: str, command: Sequence[str | Path]) -> Child:
        log = self.folder / f"{len(self.children):02d}-{name}.log"
        child = Child(command, log, environment=self.environment)
        self.children.append(child)
        self._stopping.callback(child.stop)
        return child

    def start_manage(self, *arguments: str | Path) -> Child:
        # A test run in a shell's background ignores Ctrl-C, and so would its children.
        interruptible = ("env", "--default-signal=INT")
        return self.start(
            str(arguments[0]), [*interruptible, sys.executable, "manage.py", *arguments]
        )

    def manage(self, *arguments: str | Path, seconds: float = 300, exits: int = 0) -> Child:
        """Run a command to its end; fails the test on any other exit code than `exits`."""
        child = self.start_manage(*arguments)
        code = child.wait(seconds)
        assert code == exits, "\n".join(one.tail() for one in self.children)
        return child

    def start_workers(self, *names: str, concurrency: int = 2) -> list[Child]:
        """Worker processes (prefork), one for each name, ready when this returns."""
        workers = [
            self.start(
                name,
                [
                    *(sys.executable, "-m", "celery", "-A", "cjproject", "worker"),
                    *("--queues", "assessment,upkeep,jobs,provider", "--loglevel", "INFO"),
                    *("--concurrency", str(concurrency), "--hostname", f"{name}@%h"),
                ],
            )
            for name in names
        ]
        client = Celery(broker=self.redis_url, set_as_current=False)
        asked = [f"{name}@{gethostname()}" for name in names]  # not others, which were here before

        def ready() -> bool:
            answers = client.control.ping(asked, timeout=1.0, limit=len(asked))
            return len(answers) == len(asked)

        with client:
            wait_until(ready, 180, f"workers {', '.join(names)} to be ready", alive=workers)
        return workers

    def start_beat(self) -> Child:
        return self.start(
            "beat", [sys.executable, "-m", "celery", "-A", "cjproject", "beat", "-l", "INFO"]
        )

    def start_web(self) -> int:
        """The web process as `make web` runs it; returns its port, which answers."""
        port = free_port()
        self.environment["BIND"] = f"127.0.0.1:{port}"
        web = self.start(
            "web",
            [
                *(sys.executable, "-m", "gunicorn"),
                *("-c", "python:cjproject.serving", "cjproject.wsgi"),
            ],
        )
        wait_until(lambda: accepts_connections(port), 180, "the web process", alive=[web])
        return port

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What PostgreSQL holds, read in a connection of the test's own."""
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query, values).fetchall()

    def value(self, query: str, *values: object) -> Any:
        return self.rows(query, *values)[0][0]


def sample_run(output: Path, *options: str | Path) -> list[str | Path]:
    """Arguments of `eng5 execute` on the project's samples; `options` come last."""
    return [
        *("eng5", "execute", "--students", SAMPLES / "students", "--anchors", SAMPLES / "anchors"),
        *("--grades", SAMPLES / "grades.csv", "--provider", "mock"),
        *("--mock-truth", SAMPLES / "grades.csv", "--output", output, *options),
    ]


def run_in(output: Path) -> dict[str, Any]:
    """The run document in a run's folder."""
    document: dict[str, Any] = json.loads((output / "run.json").read_text(encoding="utf-8"))
    return document
