"""Child processes of the native stack: each in a group of its own, with a log of its own."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parent.parent
POLL_SECONDS: Final = 0.3
SHOWN_CHARACTERS: Final = 3_000


class StackFailed(RuntimeError):
    """A process ended, or is not healthy in time; the message holds the end of its log."""


@dataclass
class Process:
    """One process of a service. `user` is for a server that refuses to run as root."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    probe: Sequence[str] = ()
    grace_seconds: float = 10
    user: str | None = None
    ends_on: signal.Signals = signal.SIGTERM
    _running: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def returncode(self) -> int | None:
        return self._running.poll() if self._running is not None else None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=PROJECT,
                env=dict(self.environment),
                user=self.user,
                group=self.user,
                extra_groups=() if self.user else None,
                start_new_session=True,  # Ctrl-C is for the stack, which ends them in order
            )

    def wait_until_done(self, seconds: float) -> None:
        """Raises StackFailed unless it ends well in time."""
        deadline = time.monotonic() + seconds
        while self.returncode is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        if self.returncode != 0:
            raise StackFailed(self.told(f"ended with {self.returncode}"))

    def wait_until_healthy(self, seconds: float) -> None:
        """Run its health check until that succeeds; raises StackFailed when it does not in time."""
        deadline = time.monotonic() + seconds
        while not self.is_healthy():
            if self.returncode is not None:
                raise StackFailed(self.told(f"ended with {self.returncode}"))
            if time.monotonic() > deadline:
                raise StackFailed(self.told(f"is not healthy after {seconds:.0f} s"))
            time.sleep(POLL_SECONDS)

    def is_healthy(self) -> bool:
        if not self.probe:
            return True
        checked = subprocess.run(
            list(self.probe),
            cwd=PROJECT,
            env=dict(self.environment),
            capture_output=True,
            check=False,
        )
        return checked.returncode == 0

    def ask_to_end(self) -> None:
        if self._running is not None and self.returncode is None:
            self._running.send_signal(self.ends_on)

    def stop(self) -> None:
        """Give it its grace period, then make sure that it and its children have ended."""
        if self._running is None:
            return
        self.ask_to_end()
        with suppress(subprocess.TimeoutExpired):
            self._running.wait(timeout=self.grace_seconds)
        with suppress(ProcessLookupError):
            os.killpg(self._running.pid, signal.SIGKILL)
        self._running.wait()

    def told(self, what: str) -> str:
        """What happened to it, and the end of its log."""
        said = self.log.read_text(errors="replace")[-SHOWN_CHARACTERS:]
        return f"{self.name} {what}. Its log ({self.log}) ends:\n{said}"
