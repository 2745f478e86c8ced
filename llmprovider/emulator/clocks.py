"""The emulator's time, which may run faster than the world's."""

import threading
import time


class Clock:
    """Seconds since 1970, `speed` times as fast from the clock's making on."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._monotonic = time.monotonic()
        self._started = time.time()

    def now(self) -> float:
        return self._started + (time.monotonic() - self._monotonic) * self._speed

    def wait(self, seconds: float, stopping: threading.Event) -> None:
        """Until so many of the emulator's seconds are over, or the emulator stops."""
        if seconds > 0:
            stopping.wait(seconds / self._speed)

    def in_real_seconds(self, seconds: float) -> float:
        """What a client must wait by its own watch."""
        return seconds / self._speed


class SetClock(Clock):
    """A clock that only moves when told to, for tests of lifetimes and refills."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        super().__init__()
        self._now = now

    def now(self) -> float:
        return self._now

    def move(self, seconds: float) -> None:
        self._now += seconds

    def wait(self, seconds: float, stopping: threading.Event) -> None:
        """Not at all: nobody would move the clock meanwhile."""
