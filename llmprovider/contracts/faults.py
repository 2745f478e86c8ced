"""What a log may hold of an exception: its type and place. Its words may quote a row or a text."""

import re
import traceback
from pathlib import PurePath

# SQLite has one type for a full disk and a busy database; its own names are all of this form.
_SQLITE_NAME = re.compile(r"SQLITE_[A-Z_]{1,40}")


def fault_of(error: BaseException) -> str:
    """Type, what it came of, and places, outermost first.

    "OperationalError (DeadlockDetected) in tasks.py:35 tend, cursor.py:97 execute". Of the cause
    the type alone, or SQLite's name for the error.
    """
    return f"{kind_of(error)} {_places(error)}"


def kind_of(error: BaseException) -> str:
    """As `fault_of`, without the places: for who uses the program."""
    name, cause = type(error).__name__, _name_of(error.__cause__)
    return f"{name} ({cause})" if cause not in ("", name) else name


def one_fault(error: BaseException) -> str:
    """As `fault_of`, without what it came of."""
    return f"{type(error).__name__} {_places(error)}"


def _name_of(error: BaseException | None) -> str:
    if error is None:
        return ""
    told = getattr(error, "sqlite_errorname", None)
    if isinstance(told, str) and _SQLITE_NAME.fullmatch(told):
        return told
    return type(error).__name__


def _places(error: BaseException) -> str:
    frames = traceback.StackSummary.extract(
        traceback.walk_tb(error.__traceback__), lookup_lines=False
    )
    places = ", ".join(
        f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames
    )
    return f"in {places or 'no place'}"
