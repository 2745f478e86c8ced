"""Lines of the log: of an exception its type and places. Its words may quote a text or a key."""

import logging
from types import TracebackType

from llmprovider.contracts.faults import fault_of

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class WordlessFormatter(logging.Formatter):
    """Writes one line for an exception, and one for each that it came from."""

    def format(self, record: logging.LogRecord) -> str:
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
            lines.append(fault_of(error))
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n  after ".join(lines)
