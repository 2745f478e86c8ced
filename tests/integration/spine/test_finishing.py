"""A complete wave is weighed once, and the batch goes on or ends for the true reason."""

import pytest

from assessment.lifecycle.creating.creation import create_batch
from assessment.lifecycle.waves.finishing import finish_wave
from assessment.models import Batch, ComparisonPair
from llmprovider.contracts import ErrorType
from llmprovider.models import ProviderCall, QueueItem
from tests.integration.assessment.essays import batch, spec
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import at_once, queued, retry_at_once, set_queue
from tests.integration.spine import driving

SINGLES = {"pairing_strategy": "balanced"}


@pytest.mark.django_db
def test_finishing_a_wave_twice_launches_one_next_wave():
    """P-17"""
    one = driving.answered(driving.started(batch(10, overrides=SINGLES)))
    finish_wave(one.pk, 1, 1)
    finish_wave(one.pk, 1, 1)
    one.refresh_from_db()
    assert list(one.waves.values_list("number", flat=True)) == [1, 2]
    assert one.submitted == one.pairs.count() == sum(wave.size for wave in one.waves.all())


@pytest.mark.django_db(transaction=True)
def test_two_workers_finishing_a_wave_launch_one_next_wave():
    """P-17"""
    one = driving.answered(driving.started(batch(10, overrides=SINGLES)))
    at_once(2, lambda: finish_wave(one.pk, 1, 1))
    assert one.waves.count() == 2


@pytest.mark.django_db
def test_a_message_about_an_old_wave_does_nothing():
    """P-17: it may come when the next wave is answered and waits for its own."""
    one = driving.answered(driving.started(batch(10, overrides=SINGLES)))
    driving.weigh(one)
    driving.answered(one)
    finish_wave(one.pk, 1, 1)
    one.refresh_from_db()
    assert (one.status, one.waves.count()) == ("COMPARING", 2)
    assert one.waves.last().finished_round == 0


@pytest.mark.django_db
def test_a_wave_with_a_pending_comparison_is_not_weighed():
    """P-18, P-16"""
    one = driving.answered(driving.started(batch(6)))
    pair = one.pairs.first()
    one.pairs.filter(pk=pair.pk).update(status=ComparisonPair.Status.PENDING, winner="")
    Batch.objects.filter(pk=one.pk).update(completed=one.completed - 1)
    wave = driving.weigh(one)
    assert (one.status, wave.finished_round, wave.decision) == ("COMPARING", 0, "")


@pytest.mark.django_db
def test_a_wave_of_an_ended_batch_is_not_weighed():
    """P-21"""
    one = driving.run(batch(4))
    before = Batch.objects.filter(pk=one.pk).values().get()
    finish_wave(one.pk, 1, 1)
    assert Batch.objects.filter(pk=one.pk).values().get() == before


@pytest.mark.django_db
def test_waves_add_up_and_the_budget_stays(monkeypatch):
    """P-01, P-50, P-63"""
    judges.put_in(monkeypatch, noisy)
    one = driving.run(batch(10, max_comparisons_override=30, overrides=SINGLES))
    sizes = list(one.waves.values_list("size", flat=True))
    assert len(sizes) > 1
    assert one.submitted == sum(sizes) == one.pairs.count() == 30
    assert one.total_budget == 30
    assert (one.status, one.stop_reason) in {
        ("COMPLETED", "budget_exhausted"),
        ("COMPLETED", "stable"),
    }
    for item in QueueItem.objects.all():
        assert item.metadata["cj_request_type"] == "cj_comparison"
    waves = {item.metadata["comparison_iteration"] for item in QueueItem.objects.all()}
    assert waves == set(range(1, len(sizes) + 1))


def noisy(request):
    """A judge that says first and second in turn, whatever it reads."""
    return judges.response(
        judges.entry(item, ("first", "second")[place % 2])
        for place, item in enumerate(judges.asked(request))
    )


@pytest.mark.django_db
@pytest.mark.parametrize("n", [2, 5, 14])
@pytest.mark.parametrize("budget", [2, 7, 40])
def test_every_batch_ends_without_the_monitor(n, budget):
    """P-07, P-08, P-14"""
    one = driving.run(batch(n, max_comparisons_override=budget, slope=1.0))
    assert one.status == "COMPLETED"
    assert one.submitted <= budget
    assert driving.counters(one) == driving.counted(one)
    every_pair = n * (n - 1) // 2
    if one.completed == every_pair:
        assert one.stop_reason == "coverage_complete"
    elif one.completed == budget:
        assert one.stop_reason == "budget_exhausted"
    else:
        assert one.stop_reason == "stable"


@pytest.mark.django_db
def test_five_essays_end_when_each_pair_was_judged_once():
    """P-06"""
    one = driving.run(batch(5, max_comparisons_override=60))
    assert (one.completed, one.stop_reason) == (10, "coverage_complete")


@pytest.mark.django_db
def test_five_essays_judged_four_times_end_at_forty(monkeypatch):
    """P-06: a judge that always names the first text contradicts itself, so nothing is stable."""
    judges.put_in(monkeypatch, judges.well)
    one = driving.run(
        batch(5, max_comparisons_override=60, overrides={"judgements_per_pair": 4, **SINGLES})
    )
    assert (one.completed, one.stop_reason) == (40, "coverage_complete")


@pytest.mark.django_db
def test_one_wave_only_in_the_batch_api_mode():
    one = driving.run(
        batch(
            9,
            max_comparisons_override=20,
            overrides={"llm_batching_mode_override": "provider_batch_api"},
        )
    )
    assert (one.waves.count(), one.completed) == (1, 20)
    assert one.stop_reason == "budget_exhausted"


@pytest.mark.django_db
def test_one_wave_only_when_the_loop_is_off(monkeypatch):
    driving.set_assessment(monkeypatch, ENABLE_ITERATIVE_BATCHING_LOOP="false")
    one = driving.run(batch(12, overrides=SINGLES))
    assert (one.waves.count(), one.stop_reason) == (1, "single_iteration")


@pytest.mark.django_db
def test_the_most_waves_are_enforced(monkeypatch):
    """P-13"""
    driving.set_assessment(monkeypatch, MAX_ITERATIONS=2)
    judges.put_in(monkeypatch, noisy)
    one = driving.run(batch(12, overrides=SINGLES))
    assert (one.waves.count(), one.stop_reason) == (2, "max_iterations")


@pytest.mark.django_db
def test_a_reliability_target_ends_the_batch():
    one = driving.run(batch(12, slope=30.0, overrides={"reliability_target": 0.5, **SINGLES}))
    assert one.stop_reason in {"reliability_reached", "stable"}
    assert one.result["measurement"]["reliability"] >= 0.5


@pytest.mark.django_db
@pytest.mark.parametrize("error_type", [ErrorType.INVALID_REQUEST, ErrorType.OVERLOADED])
def test_a_judge_that_never_answers_fails_the_batch_early(monkeypatch, error_type):
    """P-09, P-10, P-11"""
    retry_at_once(monkeypatch)
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1)
    judges.put_in(monkeypatch, judges.failing(error_type))
    one = driving.run(batch(12, max_comparisons_override=1_000, overrides=SINGLES))
    assert (one.status, one.stop_reason) == ("FAILED", "low_success_rate")
    assert one.waves.count() == 2
    assert one.submitted < 66
    assert one.completed_at is not None and one.failure


@pytest.mark.django_db
def test_too_few_usable_answers_fail_the_batch(monkeypatch):
    """P-10"""
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1)
    driving.set_assessment(monkeypatch, MAX_RETRY_ATTEMPTS=0)
    judges.put_in(monkeypatch, judges.without(0, 1))
    one = driving.run(batch(4, overrides=SINGLES))
    assert (one.completed, one.failed) == (4, 2)
    assert (one.status, one.stop_reason) == ("FAILED", "low_success_rate")


@pytest.mark.django_db
def test_a_refused_key_ends_the_batch_at_once_and_says_why(monkeypatch):
    """P-11, T23"""
    judge = judges.put_in(monkeypatch, judges.failing(ErrorType.AUTHENTICATION, "invalid api key"))
    one = driving.run(batch(6))
    assert (one.status, one.stop_reason) == ("FAILED", "provider_outage")
    assert one.failure == "invalid api key"
    assert one.waves.count() == 1
    assert len(judge.requests) == ProviderCall.objects.count() <= 2


@pytest.mark.django_db
def test_a_long_message_of_a_provider_fits_every_column(monkeypatch):
    """P-11: PostgreSQL refuses what is longer than its column, and the wave would never end."""
    judges.put_in(monkeypatch, judges.failing(ErrorType.AUTHENTICATION, "no such key " * 60))
    one = driving.run(batch(6))
    wave = one.waves.get()
    for row in (one, wave):
        for field in row._meta.concrete_fields:
            if field.get_internal_type() == "CharField":
                assert len(getattr(row, field.name) or "") <= field.max_length, field.name


@pytest.mark.django_db
def test_the_money_cap_ends_the_batch_and_withdraws_what_was_not_sent(monkeypatch):
    """P-14, P-63"""
    judge = judges.put_in(monkeypatch, provider="openai")
    asked = spec(
        10,
        judges=({"provider": "openai", "model": "gpt-4o"},),
        overrides={
            "llm_batching_mode_override": "per_request",
            "money_cap_usd": "0.01",
        },
    )
    one = driving.run(create_batch(asked))
    assert (one.status, one.stop_reason) == ("COMPLETED", "cost_cap")
    withdrawn = one.pairs.filter(status=ComparisonPair.Status.WITHDRAWN).count()
    assert withdrawn > 0
    assert len(judge.requests) == one.completed == one.submitted < 45
    assert driving.counters(one) == driving.counted(one)


@pytest.mark.django_db
def test_a_full_queue_between_waves_is_tried_again(monkeypatch):
    one = driving.answered(driving.started(batch(10, overrides=SINGLES)))
    queued(18, batch_key="another")
    set_queue(monkeypatch, QUEUE_CAPACITY=20)
    wave = driving.weigh(one)
    assert (one.status, wave.finished_round, one.waves.count()) == ("COMPARING", 0, 1)
    assert driving.counters(one) == driving.counted(one)
    set_queue(monkeypatch, QUEUE_CAPACITY=1_000)
    driving.weigh(one)
    assert one.waves.count() == 2


@pytest.mark.django_db
def test_a_full_queue_delays_the_start(monkeypatch):
    """T4: nothing is stored, and nothing is lost."""
    queued(18, batch_key="another")
    set_queue(monkeypatch, QUEUE_CAPACITY=20)
    one = driving.started(batch(6))
    assert (one.status, one.submitted) == ("PENDING", 0)
    assert not one.waves.exists() and not one.pairs.exists()
    assert QueueItem.objects.count() == 18
    set_queue(monkeypatch, QUEUE_CAPACITY=1_000)
    assert driving.run(one).status == "COMPLETED"


@pytest.mark.django_db
def test_a_wave_is_cut_to_what_the_queue_can_ever_hold(monkeypatch):
    """P-08: waiting for room that cannot come would be idling."""
    set_queue(monkeypatch, QUEUE_CAPACITY=3)
    one = driving.started(batch(6))
    assert (one.status, one.submitted) == ("COMPARING", 3)
    assert driving.run(one).status == "COMPLETED"
