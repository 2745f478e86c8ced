"""The log as production writes it, and a judge of what must stand on its lines."""

import json
import logging.config
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings

from cjproject.logs import JsonFormatter

Line = dict[str, Any]
OURS = ("assessment", "llmprovider", "cjproject")


class Written(logging.Handler):
    """Keeps the lines, each as the JSON object that it must be."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(JsonFormatter())
        self.lines: list[Line] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@contextmanager
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Line]]:
    """The JSON lines of the block, from every logger of ours.

    In the settings, because a worker's start configures logging from them again.
    """
    handler, usual = Written(), settings.LOGGING
    changed = {
        **usual,
        "handlers": {**usual["handlers"], "written": {"()": lambda: handler}},
        "root": {"handlers": ["written"], "level": "WARNING"},
        "loggers": {name: {"level": "INFO"} for name in OURS},
    }
    with monkeypatch.context() as patched:
        patched.setattr(settings, "LOGGING", changed)
        logging.config.dictConfig(changed)
        try:
            yield handler.lines
        finally:
            logging.config.dictConfig(usual)


def of_the_apps(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line["logger"].split(".")[0] in ("assessment", "llmprovider")]


def events(lines: list[Line]) -> set[str]:
    return {line.get("event", "") for line in lines}
