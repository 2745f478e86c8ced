"""Issue 8, item 3: what one line holds, as JSON and to be read."""

import io
import json
import logging
import sqlite3
import sys
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from psycopg.errors import DeadlockDetected, DiskFull

from cjproject.log_lines import WordlessFormatter
from cjproject.logs import (
    JsonFormatter,
    PlainFormatter,
    StandardErrorHandler,
    formatter,
    process_kind,
)
from llmprovider.contracts.faults import fault_of
from llmprovider.contracts.log_contexts import (
    fault_context,
    log_context,
    logging_context,
    wave_among,
)
from llmprovider.contracts.log_events import tell

ID = UUID("0f0e0d0c-0b0a-0908-0706-050403020100")


class Written(logging.Handler):
    """The lines that a formatter makes of what a logger is told."""

    def __init__(self, how: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(how)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def written(how: logging.Formatter) -> tuple[logging.Logger, Written]:
    log, lines = logging.Logger("assessment.here", logging.INFO), Written(how)
    log.addHandler(lines)
    return log, lines


def one_line(how: logging.Formatter, **context: object) -> str:
    log, lines = written(how)
    with logging_context(**context):
        tell(log, logging.INFO, "batch_ended", batch=12, status="COMPLETED", reason=None)
    (line,) = lines.lines
    return line


def test_a_json_line_has_the_moment_the_event_its_fields_and_the_context() -> None:
    line = json.loads(one_line(JsonFormatter(), request_correlation_id=ID, batch="12", wave=2))
    assert line["time"][10] == "T" and line["time"].endswith("Z")
    assert (line["level"], line["logger"]) == ("INFO", "assessment.here")
    assert (line["event"], line["message"]) == (
        "batch_ended",
        "batch ended batch=12 status=COMPLETED",
    )
    assert (line["batch"], line["status"], line["wave"]) == ("12", "COMPLETED", 2)
    assert line["request_correlation_id"] == str(ID)
    assert {"hostname", "process", "pid"} <= line.keys()
    assert "reason" not in line


def test_a_batch_is_named_by_the_same_kind_of_value_everywhere() -> None:
    """A number in the assessment, `api:...` for comparisons asked for over HTTP."""
    assert json.loads(one_line(JsonFormatter()))["batch"] == "12"


def test_a_plain_line_is_a_sentence_and_then_what_it_does_not_say_itself() -> None:
    line = one_line(PlainFormatter(), batch="12", wave=2)
    assert line.endswith("INFO assessment.here: batch ended batch=12 status=COMPLETED [wave=2]")
    assert one_line(PlainFormatter()).endswith("status=COMPLETED")


def test_a_sentence_of_its_own_takes_the_place_of_the_name() -> None:
    log, lines = written(PlainFormatter())
    tell(log, logging.WARNING, "broker_unreachable", "the broker cannot be reached:", tries=3)
    assert lines.lines[0].endswith("the broker cannot be reached: tries=3")


@pytest.mark.parametrize("how", [JsonFormatter, PlainFormatter])
def test_of_an_exception_its_place_and_never_its_words(how: type[WordlessFormatter]) -> None:
    """T34"""
    log, lines = written(how())
    try:
        raise ValueError("The heron stood in the sentence")
    except ValueError:
        log.exception("It failed")
    (line,) = lines.lines
    assert "heron" not in line and "ValueError in test_lines_of_the_log.py" in line
    if how is JsonFormatter:
        assert json.loads(line)["fault"].startswith("ValueError in ")


def test_a_line_is_one_line_whatever_stands_in_it() -> None:
    log, lines = written(JsonFormatter())
    tell(log, logging.INFO, "call", words_of_a_vendor='two\nlines and a "', cost=Decimal("0.1"))
    (line,) = lines.lines
    assert "\n" not in line
    assert json.loads(line)["words_of_a_vendor"] == 'two\nlines and a "'
    assert json.loads(line)["cost"] == "0.1"


def test_a_field_cannot_pass_for_the_level_or_the_event() -> None:
    log, lines = written(JsonFormatter())
    fields: dict[str, Any] = {"level": "DEBUG", "event": "other", "pid": 1}
    with logging_context(time="now"):
        tell(log, logging.INFO, "call", **fields)
    line = json.loads(lines.lines[0])
    assert (line["level"], line["event"]) == ("INFO", "call")
    assert line["pid"] != 1 and line["time"] != "now"


def test_what_others_hang_on_a_record_is_not_written() -> None:
    """Celery hangs a task's arguments on it."""
    log, lines = written(JsonFormatter())
    log.name = "celery.app.trace"
    log.info("done", extra={"data": {"id": "t-1", "name": "a.task", "args": "heron"}, "x": "heron"})
    line = json.loads(lines.lines[0])
    assert (line["task"], line["task_id"]) == ("a.task", "t-1")
    assert "heron" not in lines.lines[0]


def test_the_wave_is_told_where_all_are_of_one_and_it_is_a_number() -> None:
    """Who asks over HTTP may write anything into a comparison's metadata."""
    assert wave_among([{"comparison_iteration": 2, "x": 1}, {"comparison_iteration": 2}]) == 2
    others: list[object] = [3, None, "heron", True, [2], 2.0]
    for other in others:
        assert wave_among([{"comparison_iteration": 2}, {"comparison_iteration": other}]) is None
    assert wave_among([{"comparison_iteration": "heron"}] * 2) is None
    assert wave_among([]) is None and wave_among([{}]) is None


def test_a_line_about_an_exception_says_where_it_was_raised() -> None:
    log, lines = written(JsonFormatter())
    try:
        with logging_context(batch="1", round=4), logging_context(wave=2):
            _ = 1 / 0
    except ZeroDivisionError as error:
        with logging_context(batch="9"), logging_context(bundle="b"):
            log.exception("It failed")
        with fault_context(error, batch="7", job="j"):
            tell(log, logging.ERROR, "job_not_sent")
    first, second = (json.loads(line) for line in lines.lines)
    assert (first["batch"], first["round"], first["wave"], first["bundle"]) == ("1", 4, 2, "b")
    assert (second["batch"], second["wave"], second["job"]) == ("1", 2, "j")


def test_a_fault_names_the_kind_of_what_it_came_of() -> None:
    """T34: a deadlock, a full disk and a lost connection are all an OperationalError."""

    def raised(cause: BaseException | None) -> str:
        try:
            raise OperationalError("heron") from cause
        except OperationalError as error:
            return fault_of(error)

    assert raised(DeadlockDetected("heron")).startswith("OperationalError (DeadlockDetected) in ")
    assert raised(DiskFull("heron")).startswith("OperationalError (DiskFull) in ")
    full = sqlite3.OperationalError("heron")
    full.sqlite_errorname = "SQLITE_FULL"  # as SQLite sets it
    assert raised(full).startswith("OperationalError (SQLITE_FULL) in ")
    full.sqlite_errorname = "the heron"
    assert raised(full).startswith("OperationalError in ")
    assert raised(None).startswith("OperationalError in ")
    for cause in (DeadlockDetected("heron"), full, None):
        assert "heron" not in raised(cause)


def test_a_context_ends_with_its_block_also_when_that_fails() -> None:
    with logging_context(batch="1"):
        with pytest.raises(ZeroDivisionError), logging_context(batch="2", wave=1, job=None):
            assert log_context() == {"batch": "2", "wave": 1}
            _ = 1 / 0
        assert log_context() == {"batch": "1"}
    assert log_context() == {}


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ({}, PlainFormatter),
        ({"DJANGO_PRODUCTION": "1"}, JsonFormatter),
        ({"DJANGO_PRODUCTION": "1", "LOG_FORMAT": "plain"}, PlainFormatter),
        ({"LOG_FORMAT": "json"}, JsonFormatter),
    ],
)
def test_it_is_json_in_production_unless_asked_otherwise(monkeypatch, environment, kind) -> None:
    for name in ("DJANGO_PRODUCTION", "LOG_FORMAT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert type(formatter()) is kind


def test_another_format_is_refused_at_the_start(monkeypatch) -> None:
    monkeypatch.setenv("LOG_FORMAT", "xml")
    with pytest.raises(ImproperlyConfigured, match="LOG_FORMAT must be one of: plain, json"):
        formatter()


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("/x/bin/gunicorn -c python:cjproject.serving cjproject.wsgi", "web"),
        ("manage.py runserver --noreload", "web"),
        ("/x/bin/celery -A cjproject worker --queues provider", "worker"),
        ("/x/celery/__main__.py -A cjproject beat -l INFO", "beat"),
        ("manage.py eng5 execute", "eng5"),
    ],
)
def test_a_process_is_named_by_what_it_was_started_for(command: str, kind: str) -> None:
    assert process_kind(command.split()) == kind
    assert process_kind([sys.executable]) == sys.executable.rsplit("/", 1)[-1]


def test_lines_follow_standard_error_to_where_it_leads(monkeypatch):
    handler = StandardErrorHandler()
    lines = io.StringIO()
    monkeypatch.setattr("sys.stderr", lines)
    handler.emit(logging.makeLogRecord({"msg": "still here"}))
    assert lines.getvalue() == "still here\n"
