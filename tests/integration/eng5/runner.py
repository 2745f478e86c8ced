"""Running `manage.py eng5` as a user does, and reading what it left behind."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import execute_from_command_line

PROJECT = Path(__file__).resolve().parents[3]
DATABASE = "essay_judge.sqlite3"
PATIENCE = 240.0

# What would make the run another one than the embedded default with the built-in settings.
_FOREIGN = (
    "DATABASE_URL",
    "REDIS_URL",
    "LOG_LEVEL",
    "LOG_FORMAT",
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
)
_FOREIGN_PREFIXES = ("CJ_ASSESSMENT_SERVICE_", "LLM_PROVIDER_SERVICE_", "DJANGO_")


@dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout as the one JSON document that it must be."""
        return json.loads(self.out)

    def succeeded(self) -> "Finished":
        assert self.code == 0, f"exit code {self.code}\n{self.out}\n{self.err}"
        return self


@dataclass(frozen=True)
class Running:
    """A command under way, in a process of its own."""

    process: subprocess.Popen[str]
    data_dir: Path

    def finish(self) -> Finished:
        out, err = self.process.communicate(timeout=PATIENCE)
        return Finished(self.process.returncode, out, err)

    def stop_when(self, seen: Callable[[], bool], how: signal.Signals) -> Finished:
        """Send the signal as soon as `seen` is true; the command must not have ended before."""
        self.wait_until(seen)
        self.process.send_signal(how)
        return self.finish()

    def wait_until(self, seen: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not seen():
            if self.process.poll() is not None:
                pytest.fail(f"ended too early: {self.finish()}")
            if time.monotonic() > deadline:
                self.process.kill()
                pytest.fail("waited in vain")
            time.sleep(0.01)

    def calls(self) -> int:
        """Provider calls on record so far."""
        return count(self.data_dir, "llmprovider_providercall")


def paced(calls: int) -> dict[str, str]:
    """An environment with so many calls of the mock judge in ten seconds, at most.

    A run of more calls has not ended when the test comes to disturb it some seconds late.
    """
    limits = {"mock": {"requests_per_minute": 5 * calls}}  # a fifth of them in ten seconds
    return {"LLM_PROVIDER_SERVICE_RATE_LIMITS": json.dumps(limits)}


def start(data_dir: Path, *arguments: object, **environment: str) -> Running:
    """Start `manage.py eng5 ARGUMENTS` on a data folder of its own."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in _FOREIGN and not name.startswith(_FOREIGN_PREFIXES)
    }
    process = subprocess.Popen(
        [sys.executable, str(PROJECT / "manage.py"), "eng5", *map(str, arguments)],
        env={**clean, "CJ_DATA_DIR": str(data_dir), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background hands on that Ctrl-C is ignored; a terminal does not.
        preexec_fn=_take_signals,
    )
    return Running(process, data_dir)


def _take_signals() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def eng5(data_dir: Path, *arguments: object, **environment: str) -> Finished:
    """Run `manage.py eng5 ARGUMENTS` to its end."""
    return start(data_dir, *arguments, **environment).finish()


def eng5_here(capsys: pytest.CaptureFixture[str], *arguments: object) -> Finished:
    """The same in this process, on the test's database: what is refused needs no new process."""
    code = 0
    capsys.readouterr()  # what the test itself has logged so far
    try:
        execute_from_command_line(["manage.py", "eng5", *map(str, arguments)])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    written = capsys.readouterr()
    return Finished(code, written.out, written.err)


def count(data_dir: Path, table: str) -> int:
    """Rows of a table as another process sees them; 0 while there is no such table."""
    path = data_dir / DATABASE
    if not path.exists():
        return 0
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        try:
            return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
        except sqlite3.OperationalError:
            return 0


def read_run(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return document


def judgements(run: dict[str, Any]) -> list[tuple[int, str, str, str | None]]:
    """Who met whom in which wave and order, and who won."""
    return sorted(
        (row["wave"], row["essay_a"], row["essay_b"], row["winner"]) for row in run["comparisons"]
    )


def scores(run: dict[str, Any]) -> dict[str, tuple[float, float, str | None]]:
    """Score, standard error and grade by essay."""
    return {row["essay"]: (row["score"], row["se"], row["grade"]) for row in run["results"]}


def assert_as_undisturbed(run: dict[str, Any], undisturbed: dict[str, Any]) -> None:
    """The same pairs, winners and scores; no pair judged twice; no answered call repeated.

    A call that was under way when its process died has no answer and no latency on record.
    """
    assert run["batch"]["status"] == "COMPLETED"
    assert run["batch"]["stop_reason"] == undisturbed["batch"]["stop_reason"]
    assert judgements(run) == judgements(undisturbed)
    assert scores(run) == scores(undisturbed)
    pairs = {frozenset((row["essay_a"], row["essay_b"])) for row in run["comparisons"]}
    assert len(pairs) == len(run["comparisons"])
    answered = [call for call in run["calls"] if call["latency_ms"] is not None]
    assert sum(call["items"] for call in answered) == len(run["comparisons"])
