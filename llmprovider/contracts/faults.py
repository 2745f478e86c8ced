"""What a log may hold of an exception: its type and place. Its words may quote a row or a text."""

import traceback
from pathlib import PurePath


def fault_of(error: BaseException) -> str:
    """Type and places, outermost first: "DataError in tasks.py:35 tend, cursor.py:97 execute"."""
    frames = traceback.StackSummary.extract(
        traceback.walk_tb(error.__traceback__), lookup_lines=False
    )
    places = ", ".join(
        f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames
    )
    return f"{type(error).__name__} in {places or 'no place'}"
