"""Whatever the size, budget, mode and luck: the batch ends, without the monitor, and says why.

A sample of sizes and budgets; tests/unit/assessment/test_ends_of_batches.py takes every one,
without rows.
"""

import random
from typing import Any

import pytest

from assessment.models import Batch, OutgoingEvent
from tests.integration.assessment.essays import batch
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import set_queue
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db

MODES = ["per_request", "serial_bundle", "provider_batch_api"]
SIZES = [2, 3, 7, 16]
LUCK = [(0.0, 2), (0.3, 2), (0.3, 0), (1.0, 1)]


def failing_at(rate: float, seed: int) -> judges.Step:
    """A judge that leaves out this share of the comparisons, and answers the rest by a coin."""
    luck = random.Random(seed)

    def step(request: Any) -> Any:
        return judges.response(
            judges.entry(item, luck.choice(["first", "second"]))
            for item in judges.asked(request)
            if luck.random() >= rate
        )

    return step


def right_reason(one: Batch) -> str:
    """Why it may have ended, from its rows; coin tosses are never stable."""
    _, completed, failed = driving.counted(one)
    n = one.essays.count()
    if not completed or completed < 0.8 * (completed + failed):
        return "low_success_rate"
    if completed == n * (n - 1) // 2:
        return "coverage_complete"
    if completed + failed == one.total_budget:
        return "budget_exhausted"
    return "pairs_exhausted"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("failure_rate", "retries"), LUCK)
def test_it_ends_with_the_right_reason(monkeypatch, mode, failure_rate, retries):
    """P-02, P-03, P-07, P-08, P-09, P-10, P-14, P-24"""
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1)
    driving.set_assessment(monkeypatch, MAX_RETRY_ATTEMPTS=retries)
    turn = LUCK.index((failure_rate, retries)) + MODES.index(mode)
    for number, n in enumerate(SIZES):
        budget = (5, n + n // 2)[(number + turn) % 2]
        judges.put_in(monkeypatch, failing_at(failure_rate, n + budget))
        one = driving.run(
            batch(
                n,
                max_comparisons_override=budget,
                overrides={"llm_batching_mode_override": mode},
            )
        )
        case = f"n={n} budget={budget}"
        assert one.stop_reason == right_reason(one), case
        failed = one.stop_reason == "low_success_rate"
        assert one.status == ("FAILED" if failed else "COMPLETED"), case
        assert driving.counters(one) == driving.counted(one), case
        assert one.callbacks == one.submitted <= budget, case
        assert 0.0 <= one.progress <= 1.0 and one.completed_at is not None, case
        assert OutgoingEvent.objects.filter(batch=one).count() == 1, case
        if mode == "provider_batch_api":
            assert one.waves.count() == 1, case
        if failure_rate == 1.0:
            assert one.waves.count() <= 2, case


@pytest.mark.parametrize("mode", MODES)
def test_four_essays_are_compared_six_times(mode):
    """P-08: a budget of 150 is a limit, and no aim."""
    one = driving.run(
        batch(4, max_comparisons_override=150, overrides={"llm_batching_mode_override": mode})
    )
    assert (one.status, one.stop_reason) == ("COMPLETED", "coverage_complete")
    assert driving.counters(one) == (6, 6, 0) == driving.counted(one)


def test_a_single_wave_holds_the_cap():
    """The budget of 30 is all that is sent of 435 pairs, at once."""
    one = driving.started(
        batch(
            30,
            max_comparisons_override=30,
            overrides={"llm_batching_mode_override": "provider_batch_api"},
        )
    )
    assert (one.submitted, one.pairs.count()) == (30, 30)
    done = driving.run(one)
    assert (done.waves.count(), done.stop_reason) == (1, "budget_exhausted")


def test_a_single_wave_is_not_ended_by_scores_that_settle():
    """DESIGN, section 5: there stability is looked at, and decides nothing."""
    one = driving.run(
        batch(12, slope=40.0, overrides={"llm_batching_mode_override": "provider_batch_api"})
    )
    assert (one.completed, one.waves.count(), one.stop_reason) == (66, 1, "coverage_complete")


@pytest.mark.parametrize("mode", ["per_request", "serial_bundle"])
def test_a_judge_that_never_answers_costs_two_waves(monkeypatch, mode):
    """P-11: of a budget of 780."""
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1)
    driving.set_assessment(monkeypatch, MAX_RETRY_ATTEMPTS=0)
    judges.put_in(monkeypatch, failing_at(1.0, 1))
    one = driving.run(
        batch(40, max_comparisons_override=780, overrides={"llm_batching_mode_override": mode})
    )
    assert (one.status, one.stop_reason) == ("FAILED", "low_success_rate")
    assert one.submitted == one.failed < 0.4 * 780
