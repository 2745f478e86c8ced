"""The project's clock: what `django.utils.timezone.now` tells in every process of it.

Leases, waits and limits are times that one process writes and others compare with their own clock.
A machine whose clock is wrong would take live work for dead, or hide new work until its time comes.
So a process takes the time from the database's server, and from there counts elapsed seconds by
itself: setting the machine's clock changes nothing. On SQLite there is one machine, and the time
when the process started is the time.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Final

from django.db.backends.signals import connection_created
from django.utils import timezone

# Counts on while a laptop sleeps, where there is such a clock; nobody can set it.
_ELAPSED: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SteadyClock:
    """The time as `told` when first asked for, and what has elapsed since."""

    def __init__(self, told: Callable[[], datetime], elapsed: Callable[[], float]) -> None:
        self._told, self._elapsed = told, elapsed
        self._origin: datetime | None = None

    def now(self) -> datetime:
        """Aware, in UTC."""
        origin = self._origin or self._begin(self._told())
        return origin + timedelta(seconds=self._elapsed())

    def set(self, told: datetime) -> None:
        """From now on it is this time."""
        self._begin(told)

    def _begin(self, told: datetime) -> datetime:
        self._origin = told - timedelta(seconds=self._elapsed())
        return self._origin


CLOCK: Final = SteadyClock(timezone.now, lambda: time.clock_gettime(_ELAPSED))


def ask_server(connection: Any, **kwargs: object) -> None:
    """Set the clock by the server behind a new connection; a receiver of `connection_created`."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            (told,) = cursor.fetchone()
        CLOCK.set(told.astimezone(UTC))


def install() -> None:
    """Before any model is loaded, as models keep the function they were given."""

    @wraps(timezone.now)
    def now() -> datetime:
        return CLOCK.now()

    timezone.now = now
    connection_created.connect(ask_server, dispatch_uid="cjproject.clocks")
