"""The end of a batch is told once, and stored with the end itself."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from assessment.lifecycle import finalising
from assessment.lifecycle.cancelling import cancel
from assessment.lifecycle.recovering import recover
from assessment.models import Batch, GradeProjection, OutgoingEvent
from llmprovider.contracts import ErrorType
from llmprovider.models import QueueItem
from tests.integration.assessment.essays import batch
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import at_once
from tests.integration.spine import driving


def event_of(one: Batch) -> OutgoingEvent:
    return OutgoingEvent.objects.get(batch=one)


def told(one: Batch) -> tuple[str, str, str]:
    """(kind, status, stop reason) of the only event; it must say what the row says."""
    one.refresh_from_db()
    event = event_of(one)
    document = event.document
    assert (document["status"], document["stop_reason"]) == (one.status, one.stop_reason)
    assert (document["submitted"], document["completed"], document["failed"]) == (
        one.submitted,
        one.completed,
        one.failed,
    )
    assert document["completed_at"] == one.completed_at.isoformat()
    assert document["kind"] == event.kind and document["event_id"] == str(event.event_id)
    return event.kind, one.status, one.stop_reason


@pytest.mark.django_db
def test_scores_come_with_their_uncertainty_and_quality():
    """P-64, P-63, P-61, P-72"""
    one = driving.run(batch(5, 6, bos_batch_id="external-7"))
    assert told(one)[:2] == ("batch.completed", "COMPLETED")
    document = event_of(one).document
    assert document["bos_batch_id"] == "external-7"
    assert document["request_correlation_id"] == str(one.request_correlation_id)
    assert document["warnings"] == one.warnings != []
    assert document["measurement"]["components"] == 1
    assert "reliability_low" in document["measurement"]
    assert len(document["results"]) == 11
    for result in document["results"]:
        row = GradeProjection.objects.get(essay=result["essay_id"])
        assert (result["score"], result["se"], result["grade"]) == (row.score, row.se, row.grade)
        assert result["se"] > 0 and result["comparisons"] == row.comparisons
        assert result["component"] == 0 and isinstance(result["review"], list)
        if result["role"] == "student":
            assert result["grade_confidence"] in {"HIGH", "MID", "LOW"}
            assert sum(result["grade_probabilities"].values()) == pytest.approx(1.0)
        else:
            assert result["grade"] == row.essay.known_grade
    assert sum(result["comparisons"] for result in document["results"]) == 2 * one.completed


@pytest.mark.django_db
def test_it_holds_no_essay_text():
    one = driving.run(batch(3, 2))
    document = str(event_of(one).document)
    for words in ("A sentence about schools", one.task, one.rubric):
        assert words not in document


@pytest.mark.django_db
def test_a_failing_judge_is_told_as_a_failure(monkeypatch):
    """P-09"""
    judges.put_in(monkeypatch, judges.failing(ErrorType.AUTHENTICATION, "invalid api key"))
    one = driving.run(batch(4))
    assert told(one) == ("batch.failed", "FAILED", "provider_outage")
    document = event_of(one).document
    assert document["failure"] == "invalid api key"
    assert (document["results"], document["measurement"]) == ([], None)


@pytest.mark.django_db
def test_a_single_essay_is_told_as_completed():
    """P-28"""
    one = driving.run(batch(1))
    assert told(one) == ("batch.completed", "COMPLETED", "insufficient_essays")
    (result,) = event_of(one).document["results"]
    assert (result["name"], result["rank"], result["grade"]) == ("student_000", 1, None)


@pytest.mark.django_db
@pytest.mark.parametrize("started", [True, False])
def test_a_cancel_is_told_once(started):
    """P-15"""
    one = batch(4)
    if started:
        driving.started(one)
    assert cancel(one.pk) and not cancel(one.pk)
    assert told(one) == ("batch.cancelled", "CANCELLED", "cancelled")


@pytest.mark.django_db
def test_a_forced_recovery_is_told_like_any_other_end():
    """P-30"""
    one = driving.started(batch(6, overrides={"llm_batching_mode_override": "per_request"}))
    driving.judge(one)
    QueueItem.objects.filter(batch_key=str(one.pk)).first().delete()
    driving.record(one)
    recover(one.pk, timezone.now() + timedelta(hours=5))
    finalising.finalise(one.pk)
    assert told(one) == ("batch.completed", "COMPLETED", "forced_recovery")
    normal = event_of(driving.run(batch(6, overrides={"seed": 8}))).document
    assert set(event_of(one).document) == set(normal)
    assert set(event_of(one).document["results"][0]) == set(normal["results"][0])


@pytest.mark.django_db
def test_a_batch_that_cannot_be_scored_at_all_is_told_as_failed():
    """P-22"""
    one = driving.started(batch(4))
    one.step_to(Batch.Status.SCORING, stop_reason=Batch.StopReason.STABLE)
    recover(one.pk, timezone.now() + timedelta(hours=5))
    assert told(one) == ("batch.failed", "FAILED", "internal_error")


def about_to_be_scored(one: Batch) -> Batch:
    driving.answered(driving.started(one))
    driving.weigh(one)
    assert one.status == "SCORING"
    return one


@pytest.mark.django_db
def test_an_error_while_scoring_is_told_as_a_failure_and_nothing_else(monkeypatch):
    """P-22, P-23"""
    one = about_to_be_scored(batch(4))

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(finalising, "warnings_of", broken)
    finalising.finalise(one.pk)
    assert told(one) == ("batch.failed", "FAILED", "internal_error")


@pytest.mark.django_db
def test_without_its_event_no_end_is_stored(monkeypatch):
    """P-23: status, scores, grades, result and event are one transaction."""
    one = about_to_be_scored(batch(4))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(OutgoingEvent, "record_end", killed)
        with pytest.raises(KeyboardInterrupt):
            finalising.finalise(one.pk)
    one.refresh_from_db()
    assert (one.status, one.result, one.completed_at) == ("SCORING", None, None)
    assert not GradeProjection.objects.exists() and not OutgoingEvent.objects.exists()
    finalising.finalise(one.pk)
    assert told(one)[:2] == ("batch.completed", "COMPLETED")
    assert GradeProjection.objects.count() == 4


@pytest.mark.django_db
def test_finalising_again_tells_nothing_more():
    """P-15, P-24: nor could it, whatever becomes of the event."""
    one = driving.run(batch(4))
    before = OutgoingEvent.objects.values().get()
    finalising.finalise(one.pk)
    cancel(one.pk)
    assert OutgoingEvent.objects.values().get() == before
    for kind in OutgoingEvent.Kind:
        with pytest.raises(IntegrityError), transaction.atomic():
            OutgoingEvent.objects.create(batch=one, kind=kind, event_id=uuid.uuid4(), document={})


@pytest.mark.django_db(transaction=True)
def test_a_cancel_and_a_finaliser_at_once_tell_one_end():
    """P-15, P-20"""
    one = about_to_be_scored(batch(4))
    steps = iter([lambda: cancel(one.pk), lambda: finalising.finalise(one.pk)])
    at_once(2, lambda: next(steps)())
    assert told(one)[0] in {"batch.completed", "batch.cancelled"}


@pytest.mark.django_db
def test_an_answer_after_the_end_changes_no_event():
    """P-21"""
    one = driving.started(batch(4))
    driving.judge(one)
    one.step_to(Batch.Status.SCORING, stop_reason=Batch.StopReason.STUCK_TIMEOUT, failure="silent")
    finalising.finalise(one.pk)
    before = OutgoingEvent.objects.values().get()
    driving.record(one)
    assert OutgoingEvent.objects.values().get() == before
    assert told(one) == ("batch.failed", "FAILED", "stuck_timeout")


@pytest.mark.django_db
def test_the_same_end_has_the_same_id():
    """P-24"""
    one = driving.run(batch(4))
    first = event_of(one)
    expected = first.event_id
    first.delete()
    assert OutgoingEvent.record_end(one.pk).event_id == expected
    assert event_of(driving.run(batch(4, overrides={"seed": 8}))).event_id != expected
