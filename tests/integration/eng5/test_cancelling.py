"""Cancelling ends a run once, and what has ended stays as it is."""

import pytest
from django.utils import timezone

from assessment.models import Batch
from tests.integration.assessment.essays import batch
from tests.integration.eng5.runner import eng5_here

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_run_is_cancelled_once(capsys) -> None:
    created = batch(label="spring")
    ended = eng5_here(capsys, "cancel", "spring", "--json").succeeded()
    assert ended.json["batch"]["status"] == "CANCELLED"
    created.refresh_from_db()
    assert (created.status, created.stop_reason) == ("CANCELLED", "cancelled")
    assert created.completed_at is not None

    again = eng5_here(capsys, "cancel", str(created.pk))
    assert again.code == 1
    assert "had ended before: CANCELLED (cancelled)" in again.err


def test_a_finished_run_stays_finished(capsys) -> None:
    created = batch()
    Batch.objects.filter(pk=created.pk).update(
        status="COMPLETED", stop_reason="stable", completed_at=timezone.now()
    )
    ended = eng5_here(capsys, "cancel", str(created.pk))
    assert ended.code == 1
    assert "had ended before: COMPLETED (stable)" in ended.err
    created.refresh_from_db()
    assert created.status == "COMPLETED"


def test_a_cancelled_run_is_not_judged_when_resumed(tmp_path, capsys) -> None:
    created = batch()
    record = {"output": str(tmp_path / "run"), "mock": {"seed": 0}}
    Batch.objects.filter(pk=created.pk).update(run_record=record)
    eng5_here(capsys, "cancel", str(created.pk)).succeeded()
    ended = eng5_here(capsys, "resume", str(created.pk))
    assert ended.code == 1
    created.refresh_from_db()
    assert (created.status, created.submitted) == ("CANCELLED", 0)
