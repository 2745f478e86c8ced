"""Failed comparisons are asked again on the same rows, as a further round of their wave."""

import pytest
from django.utils import timezone

from assessment.lifecycle.creating.specs import JudgeSpec
from assessment.models import ComparisonPair, PairAttempt
from llmprovider.calls.processing import process
from llmprovider.contracts import ErrorType
from llmprovider.models import QueueItem
from llmprovider.queueing.clean_up import clean_up
from tests.integration.assessment.essays import batch
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import retry_at_once, set_queue
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_call_per_comparison(monkeypatch):
    """The queue's own retries are another matter: here a failed call is a failed comparison."""
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1)


def overloaded_then_well(monkeypatch):
    return judges.put_in(monkeypatch, judges.failing(ErrorType.OVERLOADED), judges.well)


def test_a_failed_pair_keeps_its_row_and_gets_a_new_correlation_id(monkeypatch):
    """P-50"""
    overloaded_then_well(monkeypatch)
    one = driving.answered(driving.started(batch(4)))
    before = {pair.pk: pair.correlation_id for pair in one.pairs.all()}
    assert (one.submitted, one.failed) == (6, 6)
    wave = driving.weigh(one)
    assert (wave.round, wave.finished_round, wave.decision) == (2, 1, "RETRY_FAILED")
    assert (one.submitted, one.completed, one.failed) == (6, 0, 0)
    pairs = list(one.pairs.all())
    assert {pair.pk for pair in pairs} == set(before)
    assert all(pair.correlation_id != before[pair.pk] for pair in pairs)
    assert {(pair.status, pair.attempts) for pair in pairs} == {("pending", 2)}
    requests = QueueItem.objects.filter(status="queued")
    assert {item.metadata["cj_request_type"] for item in requests} == {"cj_retry"}
    assert {item.metadata["comparison_iteration"] for item in requests} == {1}
    assert {item.metadata["preferred_bundle_size"] for item in requests} == {6}
    assert set(PairAttempt.objects.values_list("number", "request_type")) == {
        (1, "cj_comparison"),
        (2, "cj_retry"),
    }


def test_a_retry_that_succeeds_leaves_a_whole_batch(monkeypatch):
    overloaded_then_well(monkeypatch)
    one = driving.run(batch(4))
    assert (one.status, one.stop_reason) == ("COMPLETED", "coverage_complete")
    assert (one.submitted, one.completed, one.failed) == (6, 6, 0)
    assert one.waves.count() == 1
    assert not one.pairs.exclude(error=None).exists()


def test_overrides_are_the_same_in_every_wave_and_retry(monkeypatch):
    """P-49, P-48"""
    judge = judges.put_in(
        monkeypatch,
        judges.well,
        judges.failing(ErrorType.OVERLOADED),
        judges.well,
        provider="openai",
    )
    given = {
        "temperature": 0.0,
        "max_tokens": 9_000,
        "system_prompt": "You judge.",
        "reasoning_effort": "none",
        "output_verbosity": "low",
    }
    one = batch(
        10,
        max_comparisons_override=30,
        overrides={"pairing_strategy": "balanced"},
        judges=(JudgeSpec(provider="openai", model="gpt-5.4"),),
        llm_config_overrides=given,
    )
    driving.run(one)
    assert one.waves.count() > 1 and PairAttempt.objects.filter(request_type="cj_retry").exists()
    sent = {
        (r.model, r.temperature, r.max_tokens, r.reasoning_effort, r.output_verbosity, r.system)
        for r in judge.requests
    }
    assert len(sent) == 1
    ((model, temperature, max_tokens, effort, verbosity, system),) = sent
    assert model == one.judges[0]["model"]
    assert (temperature, max_tokens, effort, verbosity) == (0.0, 9_000, "none", "low")
    assert system.startswith("You judge.")


def test_what_is_not_overridden_is_left_to_the_model(monkeypatch):
    """P-49: None is no value, in the first call and in a retry."""
    judge = overloaded_then_well(monkeypatch)
    none = dict.fromkeys(("temperature", "max_tokens", "reasoning_effort", "output_verbosity"))
    plain = driving.run(batch(4))
    asked = list(judge.requests)
    judge.requests.clear()
    one = driving.run(batch(4, llm_config_overrides=none, overrides={"seed": 8}))
    assert one.llm_config_overrides == plain.llm_config_overrides == {}

    def parameters(requests):
        return {
            (r.model, r.temperature, r.max_tokens, r.reasoning_effort, r.output_verbosity)
            for r in requests
        }

    assert len(asked) == len(judge.requests) == 2
    assert parameters(asked) == parameters(judge.requests)
    ((_, temperature, max_tokens, effort, verbosity),) = parameters(asked)
    assert (temperature, effort, verbosity) == (None, None, None) and max_tokens > 0


@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_no_pair_is_retried_more_often_than_allowed(monkeypatch, rounds):
    driving.set_assessment(monkeypatch, MAX_RETRY_ATTEMPTS=rounds)
    judge = judges.put_in(monkeypatch, judges.without(0))
    one = driving.run(batch(4, overrides={"pairing_strategy": "balanced"}))
    assert judge.sizes == [6] + [1] * rounds
    assert max(one.pairs.values_list("attempts", flat=True)) == 1 + rounds
    assert (one.completed, one.failed) == (5, 1)
    assert (one.status, one.stop_reason) == ("COMPLETED", "pairs_exhausted")


def test_what_cannot_succeed_is_not_retried(monkeypatch):
    judge = judges.put_in(monkeypatch, judges.failing(ErrorType.INVALID_REQUEST), judges.well)
    one = driving.answered(driving.started(batch(12, overrides={"pairing_strategy": "balanced"})))
    failed = one.failed
    assert driving.weigh(one).decision == "REQUEST_MORE"
    assert (one.waves.count(), one.failed) == (2, failed)
    assert len(judge.requests) == 1


def test_a_late_answer_to_an_old_attempt_is_not_the_retrys(monkeypatch):
    """P-21, P-02: the queue expired it, it was asked again, and then the first answer came."""
    overloaded_then_well(monkeypatch)
    one = driving.answered(driving.started(batch(4)))
    old = QueueItem.objects.filter(batch_key=str(one.pk)).first()
    attempt = PairAttempt.objects.get(correlation_id=old.correlation_id)
    driving.weigh(one)
    # The old attempt was never seen to be answered, and its answer comes now.
    PairAttempt.objects.filter(pk=attempt.pk).update(outcome=PairAttempt.Outcome.WAITING)
    QueueItem.objects.filter(pk=old.pk).update(
        status="completed", winner="essay_b", confidence=4, error=None, delivered_at=None
    )
    before = driving.counters(one)
    assert driving.record(one) == []
    assert driving.counters(one) == before
    attempt.refresh_from_db()
    assert attempt.outcome == PairAttempt.Outcome.LATE
    assert attempt.result["winner"] == "essay_b"
    pair = ComparisonPair.objects.get(pk=attempt.pair_id)
    assert (pair.status, pair.winner) == ("pending", "")


def test_a_retry_of_a_block_stays_one_call(monkeypatch):
    judge = overloaded_then_well(monkeypatch)
    one = driving.run(batch(8))
    assert judge.sizes == [28, 28]
    assert (one.completed, one.stop_reason) == (28, "coverage_complete")


def test_failed_pairs_come_back_in_a_later_wave(monkeypatch):
    """P-41, P-42"""
    driving.set_assessment(monkeypatch, MAX_RETRY_ATTEMPTS=0)
    judges.put_in(monkeypatch, judges.without(0), judges.well)
    one = driving.run(
        batch(
            6,
            max_comparisons_override=60,
            overrides={"pairing_strategy": "balanced", "judgements_per_pair": 2},
        )
    )
    assert one.status == "COMPLETED"
    orders = one.pairs.values_list("essay_a_id", "essay_b_id", "repeat")
    assert len(set(orders)) == len(orders)
    lost = one.pairs.get(status=ComparisonPair.Status.FAILED)
    again = one.pairs.filter(
        status=ComparisonPair.Status.SUCCEEDED,
        essay_a__in=[lost.essay_a_id, lost.essay_b_id],
        essay_b__in=[lost.essay_a_id, lost.essay_b_id],
    )
    assert again.exists()


def test_comparisons_that_expire_in_the_queue_are_asked_again(monkeypatch):
    """T7, P-70"""
    retry_at_once(monkeypatch)
    judge = judges.put_in(monkeypatch)
    one = driving.started(batch(4))
    QueueItem.objects.update(expires_at=timezone.now())
    clean_up(timezone.now())
    assert [wave.number for wave in driving.record(one)] == [1]
    assert (one.completed, one.failed) == (0, 6)
    assert one.pairs.first().error["code"] == "EXPIRED"
    process(str(QueueItem.objects.first().bundle_id))
    assert judge.requests == [], "what has expired is never sent"
    assert driving.run(one).stop_reason == "coverage_complete"
