"""How the log is written: lines to read, or in production one JSON object per line."""

import json
import logging
import os
import socket
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, Final, TextIO

from django.core.exceptions import ImproperlyConfigured

from cjproject.log_lines import WordlessFormatter, wordless
from llmprovider.contracts.log_contexts import context_at, log_context
from llmprovider.contracts.log_events import EVENT, FIELDS

FORMATS: Final = ("plain", "json")


def formatter() -> logging.Formatter:
    """By LOG_FORMAT; unset: JSON in production, else plain. Raises ImproperlyConfigured."""
    usual = "json" if os.environ.get("DJANGO_PRODUCTION", "") == "1" else "plain"
    asked = os.environ.get("LOG_FORMAT") or usual
    if asked not in FORMATS:
        raise ImproperlyConfigured(f"LOG_FORMAT must be one of: {', '.join(FORMATS)}")
    return JsonFormatter() if asked == "json" else PlainFormatter()


class StandardErrorHandler(logging.StreamHandler):
    """Writes to what is standard error when a line comes, not when logging was set up: by then a
    process that serves for long, or a test, may have put another stream in its place."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


class PlainFormatter(WordlessFormatter):
    """Time, level, logger and words, then in brackets what the line itself does not say."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        line, said = super().formatMessage(record), _said(record)
        rest = [f"{key}={value}" for key, value in _around(record).items() if key not in said]
        return f"{line} [{' '.join(rest)}]" if rest else line


class JsonFormatter(WordlessFormatter):
    """One object per line: docs/logs.md names its fields. Of a record, nothing else is written."""

    def __init__(self) -> None:
        super().__init__()
        self._process = {"process": process_kind(sys.argv), "hostname": socket.gethostname()}

    def format(self, record: logging.LogRecord) -> str:
        record = wordless(record)
        line: dict[str, Any] = {**_around(record), **_said(record)}
        if "batch" in line:
            line["batch"] = str(line["batch"])  # a number here, a word there
        line |= {
            "time": _moment(record.created),
            "level": record.levelname,
            "logger": record.name,
            "event": getattr(record, EVENT, None),
            "message": record.getMessage(),
            **self._process,
            "pid": record.process,
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["fault"] = self.formatException(record.exc_info)
        first = ("time", "level", "logger", "event", "message")
        ordered = {name: line.pop(name) for name in first} | line
        return json.dumps(
            {name: value for name, value in ordered.items() if value is not None}, default=str
        )


def process_kind(argv: list[str]) -> str:
    """What this process is, by its command line: web, worker, beat, or a command's name."""
    program = PurePath(argv[0]).name if argv else ""
    words = [word for word in argv[1:] if not word.startswith("-")]
    if program == "gunicorn":
        return "web"
    if program in ("celery", "__main__.py"):
        return next((word for word in words if word in ("worker", "beat")), "celery")
    if program == "manage.py" and words:
        return "web" if words[0] == "runserver" else words[0]
    return program or "python"


def _said(record: logging.LogRecord) -> Mapping[str, object]:
    return getattr(record, FIELDS, {})


def _around(record: logging.LogRecord) -> dict[str, object]:
    """What the work at hand is, or was where the line's exception was raised; of Celery's own lines
    about a task, which task."""
    found = dict(log_context())
    if record.exc_info and record.exc_info[1] is not None:
        found |= context_at(record.exc_info[1])
    about = getattr(record, "data", None)
    if record.name.startswith("celery.") and isinstance(about, dict):
        found |= {
            ours: about[theirs]
            for ours, theirs in (("task", "name"), ("task_id", "id"))
            if isinstance(about.get(theirs), str)
        }
    return found


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
