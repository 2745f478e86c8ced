"""Beat inside a command: every sweep goes out at once, whatever other processes did before."""

from datetime import timedelta

import pytest
from celery.signals import before_task_publish
from django.conf import settings
from django.utils import timezone
from django_celery_results.models import TaskResult

from cjproject.celery import app
from cjproject.embedded import EmbeddedStack
from tests.integration.vendors.emulated import wait_until

PATIENCE = 60.0


@pytest.fixture
def sent():
    """Names of the tasks sent while the test runs."""
    names: list[str] = []

    def note(sender: str, **_: object) -> None:
        names.append(sender)

    before_task_publish.connect(note)
    yield names
    before_task_publish.disconnect(note)


def test_every_sweep_goes_out_as_soon_as_it_starts(monkeypatch, transactional_db, sent) -> None:
    """P-23: also for the second process of a minute, and none shares a file with another."""
    schedule = settings.CELERY_BEAT_SCHEDULE
    seldom = {name: {**entry, "schedule": 3_600.0} for name, entry in schedule.items()}
    monkeypatch.setitem(app.conf, "beat_schedule", seldom)
    sweeps = {entry["task"] for entry in schedule.values()}
    for _ in range(2):
        sent.clear()
        with EmbeddedStack():
            wait_until(lambda: sweeps <= set(sent), PATIENCE, "every sweep")
    assert not list(settings.DATA_DIR.rglob("beat*"))


def test_results_that_nobody_will_read_are_cleared_away(transactional_db) -> None:
    old = timezone.now() - timedelta(seconds=settings.CELERY_RESULT_EXPIRES + 60)
    for name in ("old", "new"):
        TaskResult.objects.create(task_id=name, status="SUCCESS")
    TaskResult.objects.filter(task_id="old").update(date_done=old)
    kept = TaskResult.objects.filter(task_id__in=["old", "new"])
    with EmbeddedStack():
        wait_until(lambda: kept.count() == 1, PATIENCE, "the old one to go")
    assert kept.get().task_id == "new"
