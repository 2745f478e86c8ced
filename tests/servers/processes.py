"""Child processes of the tests: their output is kept, and nothing of them outlives the test."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
POLL_SECONDS = 0.1
SHOWN_CHARACTERS = 4_000


class Child:
    """One process in a process group of its own, so that its own children end with it.

    `user` (a name) and `group` (an id) are for a server that refuses to run as root.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path = PROJECT,
        user: str | None = None,
        group: int | None = None,
        ends_on: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = log.stem
        self._ends_on = ends_on
        self._out, self._err = log.with_suffix(".out"), log.with_suffix(".err")
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=folder,
                env=dict(environment) if environment is not None else None,
                user=user,
                group=group,
                extra_groups=() if user else None,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.poll()

    @property
    def stdout(self) -> str:
        return self._out.read_text(errors="replace")

    @property
    def stderr(self) -> str:
        return self._err.read_text(errors="replace")

    def tail(self) -> str:
        """What it said last, for the message of a test that fails."""
        state = "runs" if self.returncode is None else f"ended with {self.returncode}"
        return (
            f"--- {self.name} {state}; stdout:\n{self.stdout[-SHOWN_CHARACTERS:]}\n"
            f"--- stderr:\n{self.stderr[-SHOWN_CHARACTERS:]}"
        )

    def wait(self, seconds: float) -> int:
        """The exit code; fails the test when there is none in time."""
        wait_until(lambda: self.returncode is not None, seconds, f"{self.name} to end", [self])
        code = self.returncode
        assert code is not None
        return code

    def send(self, number: signal.Signals) -> None:
        """To the process alone, as from a terminal's user or a supervisor."""
        self._process.send_signal(number)

    def send_to_all(self, number: signal.Signals) -> None:
        """To the process and its children."""
        with suppress(ProcessLookupError):  # all of them have ended
            os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """As when the machine dies: every process of the group, with no chance to say anything."""
        self.send_to_all(signal.SIGKILL)
        self._process.wait(timeout=60)

    def ask_to_end(self) -> None:
        if self.returncode is None:
            self.send(self._ends_on)

    def stop(self, seconds: float = 15) -> None:
        """Ask it to end, then make sure that it and its children have."""
        self.ask_to_end()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=seconds)
        self.kill()


def wait_until(
    condition: Callable[[], bool],
    seconds: float,
    what: str,
    children: Sequence[Child] = (),
    *,
    alive: Sequence[Child] = (),
) -> None:
    """Poll until `condition` holds; fail the test with the children's output when time is up.

    A child in `alive` that ends before that fails the test at once.
    """
    deadline = time.monotonic() + seconds
    shown = [*children, *alive]
    while True:
        # Looked at first: what comes true while this process stands still counts.
        dead = [child.name for child in alive if child.returncode is not None]
        late = time.monotonic() > deadline
        if condition():
            return
        if dead:
            _fail(f"{', '.join(dead)} ended while waiting for {what}", shown)
        if late:
            _fail(f"waited {seconds:.0f} s for {what}", shown)
        time.sleep(POLL_SECONDS)


def _fail(words: str, children: Sequence[Child]) -> None:
    pytest.fail("\n".join([words, *(child.tail() for child in children)]), pytrace=False)


def accepts_connections(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10):
            return True
    except OSError:
        return False
