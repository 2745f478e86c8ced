"""Lines of the log: of an exception its type and places. Its words may quote a text or a key."""

import logging
from copy import copy
from types import TracebackType
from typing import Final

from llmprovider.contracts.faults import one_fault

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

# Django's loggers that quote a request's path, host or headers, which hold what a caller wrote.
QUOTING: Final = ("django.security", "django.request")


class WordlessFormatter(logging.Formatter):
    """Writes one line for an exception, and one for each that it came from."""

    def format(self, record: logging.LogRecord) -> str:
        record = wordless(record)
        # Another handler's formatter may have left the exception's own words in the record.
        left, record.exc_text = record.exc_text, None
        try:
            return super().format(record)
        finally:
            record.exc_text = left

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - logging's own name
        lines: list[str] = []
        error, seen = ei[1], set[int]()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            lines.append(one_fault(error))
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n  after ".join(lines)


def wordless(record: logging.LogRecord) -> logging.LogRecord:
    """The record, or one that says only what kind of thing Django says about a request."""
    if not any(record.name == name or record.name.startswith(f"{name}.") for name in QUOTING):
        return record
    told = copy(record)
    status = getattr(record, "status_code", None)
    words = f"answered with {status}" if isinstance(status, int) else "refused"
    told.msg, told.args = f"a request was {words}", None
    return told
