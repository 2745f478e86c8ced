"""Wall clocks that somebody sets: what the machine of one process tells, beneath the project."""

from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone


def misset(what: str) -> None:
    """With "clock=FILE" the clock is off by the seconds in the file, once it is there."""
    files = [Path(each[6:]) for each in what.split(",") if each.startswith("clock=")]
    if not files:
        return
    true = timezone.now

    def now() -> datetime:
        try:
            off = float(files[0].read_text())
        except (OSError, ValueError):
            return true()
        return true() + timedelta(seconds=off)

    timezone.now = now
