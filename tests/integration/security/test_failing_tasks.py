"""T34: a task that fails. Celery logs and stores what it raises, and a row may stand in that."""

import logging
import sys
from collections.abc import Iterator

import pytest
from celery import Task
from celery.exceptions import Retry
from django.db import IntegrityError
from django_celery_results.models import TaskResult

from cjproject.celery import app
from cjproject.embedded import EmbeddedStack
from cjproject.log_lines import WordlessFormatter
from cjproject.wordless_tasks import TaskFault
from tests.integration.security.watching import listening
from tests.integration.vendors.emulated import wait_until

ROW = "Failing row contains (7, The heron stood in the planted sentence)"
KIND = "IntegrityError (ValueError) in "


def _fail() -> None:
    try:
        raise ValueError(ROW)
    except ValueError as error:
        raise IntegrityError(ROW) from error


@pytest.fixture
def failing() -> Iterator[Task]:
    @app.task(name="assessment.failing_for_a_test", ignore_result=False, bind=True)
    def failing(self: Task, how: str) -> str:
        if how == "back later" and not self.request.retries:
            raise self.retry(countdown=0, exc=Retry())
        if how == "fail":
            _fail()
        return "done"

    yield failing
    app.tasks.pop(failing.name)


def test_its_words_are_in_no_log_line_and_no_result(monkeypatch, transactional_db, failing) -> None:
    with listening(monkeypatch) as log, EmbeddedStack():
        sent = failing.delay("fail")
        failed = TaskResult.objects.filter(task_id=sent.id, status="FAILURE")
        wait_until(failed.exists, 60, "the failure")
    stored = failed.get()
    for told in (stored.result, log.text):
        assert KIND in told and "test_failing_tasks.py" in told
    assert "heron" not in log.text + str(vars(stored))


def test_nor_does_the_exception_carry_those_it_was_raised_in(failing) -> None:
    result = failing.apply(("fail",))
    error = result.result
    assert isinstance(error, TaskFault) and str(error).startswith(KIND)
    assert (error.__cause__, error.__context__) == (None, None)


def test_a_retry_is_no_failure(failing) -> None:
    assert failing.apply(("back later",)).result == "done"


def test_who_calls_it_as_a_function_gets_the_exception_itself(failing) -> None:
    with pytest.raises(IntegrityError):
        failing("fail")


def test_a_line_of_the_log_tells_kind_and_place_of_an_exception_only() -> None:
    """Of every exception in the chain, whatever another handler has made of it before."""
    try:
        _fail()
    except IntegrityError:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "It failed", (), sys.exc_info())
    assert "heron" in logging.Formatter().format(record)
    line = WordlessFormatter("{message}", style="{").format(record)
    assert "heron" not in line
    assert "IntegrityError in " in line and "after ValueError in " in line
