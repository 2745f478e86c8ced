"""Decisions, orphans, late results and recoveries of batches, each counted once."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from assessment.lifecycle import cancelling
from assessment.lifecycle.finalising import finalise
from assessment.lifecycle.recovering import recover
from assessment.lifecycle.starting import start
from assessment.lifecycle.waves.finishing import finish_wave
from assessment.lifecycle.waves.recording import SOURCE_SERVICE
from assessment.models import Batch
from llmprovider.models import QueueItem
from tests.integration.assessment.essays import batch
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import set_queue
from tests.integration.metrics.accounts import assert_the_batches_agree
from tests.integration.metrics.meters import Meter
from tests.integration.spine import driving
from tests.integration.spine.brokers import Broker

SINGLES = {"pairing_strategy": "balanced"}


@pytest.fixture(autouse=True)
def broker(transactional_db):
    """The in-memory broker without a worker; empty before and after."""
    empty = Broker()
    empty.take()
    yield empty
    empty.take()


def test_a_whole_run_is_counted_as_its_rows_are(monkeypatch):
    """T42; P-20 a retry is no new request"""
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1, QUEUE_RETRY_BASE_SECONDS=0.0001)
    judges.put_in(monkeypatch, judges.without(0, 1), judges.well)
    meter = Meter()
    one = batch(6, max_comparisons_override=15, overrides=SINGLES)
    for _ in range(2):
        start(one.pk)
    driving.run(one)
    assert meter.by("cj_workflow_decisions_total", "decision")[("RETRY_FAILED",)] >= 1
    assert_the_batches_agree(meter)


def test_a_wait_is_a_decision_too():
    """Issue 8: decisions include waits"""
    one = driving.started(batch(6, overrides={**SINGLES, "llm_batching_mode_override": None}))
    meter = Meter()
    finish_wave(one.pk, 1, 1)
    assert meter.by("cj_workflow_decisions_total", "decision") == {("WAIT",): 1}


def test_a_start_that_was_rolled_back_counts_nothing():
    one = batch(4)
    meter = Meter()
    with transaction.atomic():
        start(one.pk)
        transaction.set_rollback(True)
    assert meter.total("cj_llm_requests_total") == 0
    assert meter.total("cj_llm_batches_started_total") == 0


def test_a_result_nobody_asked_for_is_an_orphan_on_the_metrics_and_in_the_log(caplog):
    """P-67: metric + log + ack, batch unaffected"""
    one = driving.started(batch(4))
    driving.judge(one)
    stray = QueueItem.objects.filter(batch_key=str(one.pk)).first()
    correlation = uuid4()
    QueueItem.objects.filter(pk=stray.pk).update(correlation_id=correlation)
    meter = Meter()
    for _ in range(2):
        driving.record(one)
    assert meter.by("cj_orphan_callbacks_total", "source_service") == {(SOURCE_SERVICE,): 1}
    (line,) = [record.getMessage() for record in caplog.records if "orphan" in record.getMessage()]
    assert f"correlation={correlation}" in line and f"batch={one.pk}" in line
    assert one.completed == one.submitted - 1


def test_a_late_result_is_counted_by_how_its_batch_had_ended():
    """P-21"""
    one = driving.started(batch(4))
    driving.judge(one)  # answered, and not yet recorded
    assert cancelling.cancel(one.pk)
    meter = Meter()
    for _ in range(2):
        driving.record(one)
    assert meter.by("cj_late_results_total", "status") == {("CANCELLED",): one.pairs.count()}
    assert meter.total("cj_batch_completion_seconds_count") == 0


@pytest.mark.parametrize(("lost", "outcome"), [(1, "recovered"), (4, "failed")])
def test_a_stuck_batch_is_either_recovered_or_failed(lost, outcome):
    """P-33: the two are exclusive"""
    one = driving.started(
        batch(6, overrides={"llm_batching_mode_override": "per_request", **SINGLES})
    )
    driving.judge(one)
    keys = QueueItem.objects.filter(batch_key=str(one.pk)).values_list("pk", flat=True)
    gone = list(keys[: lost if outcome == "recovered" else one.submitted - 2])
    QueueItem.objects.filter(pk__in=gone).delete()
    driving.record(one)
    meter = Meter()
    recover(one.pk, timezone.now() + timedelta(hours=9))
    assert meter.total("cj_stuck_batches_total") == 0, "it has not ended yet"
    driving.run(one)
    for _ in range(2):
        finalise(one.pk)
    assert meter.by("cj_stuck_batches_total", "outcome") == {(outcome,): 1}
    ended = {"recovered": Batch.Status.COMPLETED, "failed": Batch.Status.FAILED}
    assert one.status == ended[outcome]


@pytest.mark.parametrize("where", ["waves.finishing", "finalising"])
def test_a_batch_that_fails_by_our_own_fault_is_counted_by_its_reason(monkeypatch, where):
    """Nothing but this counter tells of it: no decision was made, and no monitor ended it."""
    one = driving.started(batch(4, overrides=SINGLES))
    monkeypatch.setattr(f"assessment.lifecycle.{where}.measure", _divides_by_zero)
    meter = Meter()
    driving.run(one)
    for _ in range(2):
        finalise(one.pk)
    assert one.status == Batch.Status.FAILED
    assert meter.by("cj_failed_batches_total", "reason") == {("internal_error",): 1}
    assert ("FINALIZE_FAILURE",) not in meter.by("cj_workflow_decisions_total", "decision")
    assert meter.total("cj_stuck_batches_total") == 0


def _divides_by_zero(_: object) -> None:
    raise ZeroDivisionError


def test_a_recovery_that_cannot_be_scored_has_failed():
    """P-33, P-34"""
    one = driving.started(batch(4))
    one.step_to(Batch.Status.SCORING, stop_reason=Batch.StopReason.FORCED_RECOVERY)
    meter = Meter()
    for _ in range(2):
        recover(one.pk, timezone.now() + timedelta(hours=9))
    one.refresh_from_db()
    assert one.status == Batch.Status.FAILED
    assert meter.by("cj_stuck_batches_total", "outcome") == {("failed",): 1}
    assert meter.by("cj_failed_batches_total", "reason") == {("internal_error",): 1}
