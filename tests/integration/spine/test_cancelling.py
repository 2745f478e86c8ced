"""Cancelling: nothing more is sent, what was paid for is kept, and it may be said twice."""

import pytest

from assessment.lifecycle.cancelling import cancel
from assessment.lifecycle.starting import start
from assessment.models import Batch, ComparisonPair, PairAttempt
from llmprovider.calls.processing import process
from llmprovider.contracts import ErrorType
from llmprovider.models import Bundle, QueueItem
from tests.integration.assessment.essays import batch
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import retry_at_once
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db

SINGLES = {"llm_batching_mode_override": "per_request"}


def test_it_takes_back_what_no_provider_has_seen(monkeypatch):
    judge = judges.put_in(monkeypatch)
    one = driving.started(batch(6, overrides=SINGLES))
    bundles = list(Bundle.objects.all())
    for bundle in bundles[:3]:
        process(str(bundle.pk))
    driving.record(one)
    assert cancel(one.pk)
    for bundle in bundles:
        process(str(bundle.pk))
    one.refresh_from_db()
    assert (one.status, one.stop_reason) == ("CANCELLED", "cancelled")
    assert one.completed_at is not None
    assert len(judge.requests) == 3
    assert (one.submitted, one.completed, one.failed) == (3, 3, 0) == driving.counted(one)
    assert not QueueItem.objects.filter(delivered_at=None).exists()


def test_it_may_be_said_twice():
    one = driving.started(batch(6))
    assert cancel(one.pk)
    before = Batch.objects.filter(pk=one.pk).values().get()
    assert not cancel(one.pk)
    assert Batch.objects.filter(pk=one.pk).values().get() == before


def test_an_ended_batch_stays_as_it_ended():
    one = driving.run(batch(4))
    assert not cancel(one.pk)
    one.refresh_from_db()
    assert one.status == "COMPLETED"


def test_a_batch_that_never_started_does_not_start():
    one = batch(4)
    assert cancel(one.pk)
    start(one.pk)
    one.refresh_from_db()
    assert (one.status, one.submitted) == ("CANCELLED", 0)
    assert not one.waves.exists()


def test_answers_under_way_are_kept_as_late(monkeypatch):
    """P-21"""
    one = driving.started(batch(4))

    def cancelled_meanwhile(request):
        cancel(one.pk)
        return judges.well(request)

    judges.put_in(monkeypatch, cancelled_meanwhile)
    driving.judge(one)
    assert driving.record(one) == []
    assert (one.status, one.completed, one.failed, one.submitted) == ("CANCELLED", 0, 6, 6)
    assert set(one.pairs.values_list("status", flat=True)) == {ComparisonPair.Status.FAILED}
    attempts = list(PairAttempt.objects.all())
    assert {attempt.outcome for attempt in attempts} == {PairAttempt.Outcome.LATE}
    assert {attempt.result["winner"] for attempt in attempts} == {"essay_a"}


def test_a_call_that_fails_after_the_cancel_is_not_made_again(monkeypatch):
    """A cancelled batch sends no further bill."""
    retry_at_once(monkeypatch)
    one = driving.started(batch(4))

    def cancelled_meanwhile(request):
        cancel(one.pk)
        return judges.failing(ErrorType.OVERLOADED)(request)

    judge = judges.put_in(monkeypatch, cancelled_meanwhile)
    driving.judge(one)
    assert len(judge.requests) == 1
