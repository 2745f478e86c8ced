"""Results on their way home: each counts once, whatever the transport does."""

import itertools
from uuid import uuid4

import pytest

from assessment.lifecycle.finalising import finalise
from assessment.lifecycle.waves.launching import launch_wave
from assessment.lifecycle.waves.plans import plan_next_wave
from assessment.lifecycle.waves.recording import record_parcel
from assessment.models import Batch, ComparisonPair, PairAttempt
from llmprovider.calls.processing import process
from llmprovider.contracts import ErrorType
from llmprovider.models import Bundle, QueueItem
from tests.integration.assessment.essays import batch
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import at_once, set_queue
from tests.integration.spine import driving


def bundles_of(one: Batch) -> list[Bundle]:
    return list(Bundle.objects.filter(batch_key=str(one.pk)).order_by("created_at"))


def deliver_again(one: Batch) -> None:
    """What a queue that forgot its acknowledgements would do."""
    QueueItem.objects.filter(batch_key=str(one.pk)).update(delivered_at=None)


@pytest.mark.django_db
def test_a_result_delivered_twice_counts_once():
    """P-02, P-19"""
    one = driving.started(batch(6))
    driving.judge(one)
    first = driving.record(one)
    before = driving.counters(one)
    deliver_again(one)
    again = driving.record(one)
    assert [wave.number for wave in first] == [1]
    assert again == [], "a duplicate triggers no continuation"
    assert driving.counters(one) == before == driving.counted(one)
    assert set(PairAttempt.objects.values_list("outcome", flat=True)) == {"recorded"}
    assert not QueueItem.objects.filter(delivered_at=None).exists()


@pytest.mark.django_db
def test_errors_count_as_failed_only(monkeypatch):
    """P-03"""
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1)
    judges.put_in(monkeypatch, judges.without(0, 1))
    one = driving.answered(driving.started(batch(6, max_comparisons_override=12)))
    assert (one.submitted, one.completed, one.failed) == driving.counted(one)
    assert one.failed == 2 * len(bundles_of(one))
    assert one.completed == one.submitted - one.failed
    failed = one.pairs.filter(status=ComparisonPair.Status.FAILED).first()
    assert failed.error["error_type"] == ErrorType.INVALID_RESPONSE
    assert (failed.winner, failed.confidence) == ("", None)


@pytest.mark.django_db
def test_a_result_nobody_asked_for_changes_nothing(caplog):
    """P-67"""
    one = driving.started(batch(4))
    driving.judge(one)
    stray = QueueItem.objects.filter(batch_key=str(one.pk)).first()
    QueueItem.objects.filter(pk=stray.pk).update(correlation_id=uuid4())
    driving.record(one)
    assert one.completed == one.submitted - 1
    assert "orphan" in caplog.text
    stray.refresh_from_db()
    assert stray.delivered_at is not None, "an orphan is not delivered again and again"


@pytest.mark.django_db
def test_a_late_answer_changes_nothing_and_is_kept(monkeypatch):
    """P-21"""
    one = driving.started(batch(4))
    driving.judge(one)
    one.step_to(Batch.Status.SCORING, stop_reason=Batch.StopReason.STUCK_TIMEOUT, failure="silent")
    finalise(one.pk)
    one.refresh_from_db()
    assert one.status == Batch.Status.FAILED
    before = Batch.objects.filter(pk=one.pk).values().get()
    assert driving.record(one) == []
    assert Batch.objects.filter(pk=one.pk).values().get() == before
    attempts = PairAttempt.objects.filter(pair__batch=one)
    assert {attempt.outcome for attempt in attempts} == {PairAttempt.Outcome.LATE}
    assert all(attempt.result["winner"] for attempt in attempts)
    assert not one.pairs.exclude(winner="").exists()


@pytest.mark.django_db
def test_an_answer_while_the_batch_is_scored_is_late():
    """P-18"""
    one = driving.started(batch(4))
    driving.judge(one)
    one.step_to(Batch.Status.SCORING, stop_reason=Batch.StopReason.STABLE)
    driving.record(one)
    assert one.completed == 0
    assert set(PairAttempt.objects.values_list("outcome", flat=True)) == {"late"}


@pytest.mark.django_db
def test_a_result_carries_its_judge_cost_and_metadata_to_the_pair(monkeypatch):
    judges.put_in(
        monkeypatch, lambda r: judges.response(map(judges.entry, judges.asked(r)), model="m-2")
    )
    one = driving.answered(driving.started(batch(4)))
    pair = one.pairs.first()
    assert (pair.winner, pair.confidence, pair.justification) == ("essay_a", 3, "Clearer.")
    assert (pair.provider, pair.model) == ("mock", "m-2")
    assert pair.result_metadata["request_correlation_id"] == str(pair.correlation_id)
    assert pair.completed_at is not None


@pytest.mark.django_db
def test_only_the_last_bundle_completes_a_wave():
    """P-16"""
    one = batch(6, overrides={"llm_batching_mode_override": "per_request"})
    driving.started(one)
    bundles = bundles_of(one)
    complete = []
    for bundle in bundles:
        process(str(bundle.pk))
        complete.append(len(record_parcel(str(bundle.pk))))
    assert complete == [0] * (len(bundles) - 1) + [1]


@pytest.mark.django_db(transaction=True)
def test_workers_recording_at_once_lose_no_count():
    """P-04, P-25"""
    one = batch(8, overrides={"llm_batching_mode_override": "per_request"})
    driving.started(one)
    driving.judge(one)
    bundles = bundles_of(one)
    assert len(bundles) >= 12
    taken = itertools.cycle([bundles[::2], bundles[1::2]])

    def worker() -> None:
        for bundle in next(taken):
            record_parcel(str(bundle.pk))

    # Every bundle is taken home by two workers.
    at_once(4, worker)
    assert driving.counters(one) == (len(bundles), len(bundles), 0) == driving.counted(one)


@pytest.mark.django_db
def test_progress_is_the_share_that_is_answered_and_no_duplicate_moves_it():
    """P-02"""
    one = driving.started(
        batch(
            6, max_comparisons_override=12, overrides={"llm_batching_mode_override": "per_request"}
        )
    )
    seen = [one.progress]
    for bundle in bundles_of(one):
        process(str(bundle.pk))
        for _ in range(2):
            record_parcel(str(bundle.pk))
            deliver_again(one)
            one.refresh_from_db()
            seen.append(one.progress)
    assert seen == [0.0] + [answered / 12 for answered in range(1, 13) for _ in range(2)]


@pytest.mark.django_db
def test_34_verdicts_and_66_errors_are_34_completed(monkeypatch):
    """P-03"""
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1)
    calls = iter(range(100))

    def a_third_well(request):
        wanted = judges.well if next(calls) < 34 else judges.without(0)
        return wanted(request)

    judges.put_in(monkeypatch, a_third_well)
    one = batch(
        15, max_comparisons_override=100, overrides={"llm_batching_mode_override": "per_request"}
    )
    while one.submitted < 100:
        driving.started(one)
        driving.answered(one)
        # More waves than the decision would grant: what counts here is how answers are counted.
        if one.submitted < 100:
            launch_wave(one, plan_next_wave(one))
    driving.answered(one)
    assert driving.counters(one) == (100, 34, 66) == driving.counted(one)
    assert one.progress == 1.0
