"""A line about a failure says whose work failed, though it is written outside of that work."""

import logging
from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

import pytest
from django.test import Client

from assessment import tasks as assessment_tasks
from assessment.lifecycle import starting
from assessment.models import Batch
from llmprovider import tasks
from llmprovider.calls.processing import process
from llmprovider.contracts.log_contexts import context_at
from llmprovider.models import Bundle
from tests.integration.api.messages import drop_messages
from tests.integration.assessment.essays import batch
from tests.integration.logs.lines import Line, written

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "Zanzibar"


def fail(*_: object, **__: object) -> None:
    raise ZeroDivisionError(SECRET)


@pytest.fixture
def begun() -> Iterator[Batch]:
    """Its first wave is in the queue."""
    drop_messages()
    one = batch(4, overrides={"llm_batching_mode_override": "serial_bundle"})
    starting.start(one.pk)
    yield one
    drop_messages()


def told(monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any], event: str | None) -> Line:
    with written(monkeypatch) as lines:
        work()
    (line,) = [
        line
        for line in lines
        if line["level"] == "ERROR" and line.get("event") == event and "fault" in line
    ]
    assert "ZeroDivisionError in " in line["message"] + line["fault"] and SECRET not in str(lines)
    return line


def about(one: Batch, line: Line) -> None:
    assert (line["batch"], line["mode"]) == (str(one.pk), "serial_bundle")
    assert line["request_correlation_id"] == str(one.request_correlation_id)


def test_a_task_that_failed_is_told_with_the_batch_and_the_wave(monkeypatch, begun) -> None:
    """P-72: Celery writes the line when the task's own fields hold no more."""
    monkeypatch.setattr("assessment.lifecycle.waves.finishing.finish_wave", fail)
    done: list[Any] = []
    line = told(
        monkeypatch,
        lambda: done.append(assessment_tasks.finish_wave.apply((begun.pk, 1, 1))),
        None,
    )
    about(begun, line)
    assert (line["wave"], line["round"], line["task"]) == (1, 1, "assessment.finish_wave")
    # A worker of several processes sends it to another one of them.
    fault = copy(done[0].result)  # pickled the same way
    assert context_at(fault)["batch"] == str(begun.pk) and "batch" not in str(fault)


def test_a_ticket_that_failed_is_told_with_the_bundle_that_it_worked(monkeypatch, begun) -> None:
    """Which need not be the one it was sent for."""
    monkeypatch.setattr("llmprovider.calls.processing.provider_for", fail)
    worked = Bundle.objects.get(batch_key=str(begun.pk))
    other = "00000000-0000-4000-8000-000000000000"
    line = told(monkeypatch, lambda: tasks.process_bundle.apply((other,)), "ticket_not_worked")
    about(begun, line)
    assert (line["bundle"], line["wave"]) == (str(worked.pk), 1)


def test_a_ticket_that_failed_before_it_had_work_is_told_by_its_name(monkeypatch, db) -> None:
    monkeypatch.setattr("llmprovider.tasks.take_turn", fail)
    line = told(monkeypatch, lambda: tasks.process_bundle.apply(("b1",)), "ticket_not_worked")
    assert line["bundle"] == "b1" and "batch" not in line


def test_results_that_were_not_recorded_are_told_with_their_batch(monkeypatch, begun) -> None:
    parcel = str(Bundle.objects.get(batch_key=str(begun.pk)).pk)
    process(parcel)
    monkeypatch.setattr("assessment.lifecycle.waves.recording.record_parcel", fail)
    work = assessment_tasks.record_results.apply
    line = told(monkeypatch, lambda: work((parcel,)), "results_not_recorded")
    about(begun, line)
    assert (line["bundle"], line["wave"]) == (parcel, 1)


@pytest.mark.parametrize(
    "gone", ["b1", "job:j1", "job:00000000-0000-4000-8000-000000000000", "no:parcel"]
)
def test_a_parcel_of_nobody_is_told_all_the_same(monkeypatch, db, gone) -> None:
    monkeypatch.setattr("assessment.lifecycle.waves.recording.record_parcel", fail)
    work = assessment_tasks.record_results.apply
    line = told(monkeypatch, lambda: work((gone,)), "results_not_recorded")
    assert "batch" not in line


def test_what_django_refuses_is_told_without_path_host_or_header(monkeypatch, db) -> None:
    """T34: whoever sends a request writes all three."""
    client = Client(enforce_csrf_checks=True)
    with written(monkeypatch) as lines:
        client.post(f"/admin/login/?next=/{SECRET}", headers={"Referer": f"https://{SECRET}.com"})
        client.get(f"/{SECRET}", headers={"Host": f"{SECRET}.example.com"})
        logging.getLogger("django.request").error("Internal Server Error: %s", f"/{SECRET}")
    loggers = {line["logger"]: line["message"] for line in lines}
    assert loggers["django.security.csrf"] == "a request was answered with 403"
    assert {"django.security.DisallowedHost", "django.request"} <= loggers.keys()
    assert SECRET.lower() not in str(lines).lower()
