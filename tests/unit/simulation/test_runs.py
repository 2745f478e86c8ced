"""A simulated batch runs as a real one would, and ends for a stated reason."""

import numpy as np
import pytest

from assessment.modes import LLMBatchingMode
from assessment.pairing.plans import WaveRules
from assessment.simulation.runs import rank_correlation, run, squared_correlation
from assessment.simulation.scenarios import Judge, Scenario

STRATEGIES = ["random", "balanced", "blocks", "adaptive"]
MODES = list(LLMBatchingMode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("failure_rate", [0.0, 0.3, 1.0])
def test_it_never_idles(strategy, mode, failure_rate):
    """P-08, P-09, P-11: every batch ends, and never above its budget."""
    reasons = set()
    for n in (2, 3, 5, 8, 13):
        for budget in (1, n, 3 * n, 10 * n):
            scenario = Scenario(
                n=n,
                strategy=strategy,
                mode=mode,
                budget=budget,
                judge=Judge(failure_rate=failure_rate),
            )
            rows = run(scenario, seed=n)
            assert [row.stop_reason is None for row in rows[:-1]] == [True] * (len(rows) - 1)
            assert rows[-1].stop_reason is not None
            assert rows[-1].comparisons + rows[-1].failed == rows[-1].submitted <= budget
            reasons.add(rows[-1].stop_reason)
    if failure_rate == 1.0:
        assert reasons == {"low_success_rate"}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_finishes_four_essays_at_six_comparisons(strategy):
    """P-08: n=4, budget 150, each pair once."""
    rows = run(Scenario(n=4, budget=150, strategy=strategy), seed=1)
    assert (rows[-1].comparisons, rows[-1].stop_reason) == (6, "coverage_complete")


def test_it_shows_both_orders_before_it_ends():
    """P-06: five essays with two judgements per pair go past 10, and end at 20 at the latest."""
    rows = run(Scenario(n=5, budget=60, judgements_per_pair=2, strategy="adaptive"), seed=1)
    assert (rows[-1].comparisons, rows[-1].stop_reason) == (20, "coverage_complete")


def test_it_judges_one_wave_in_provider_batch_api():
    rows = run(Scenario(n=30, budget=300, mode=LLMBatchingMode.PROVIDER_BATCH_API), seed=1)
    assert len(rows) == 1
    assert (rows[0].comparisons, rows[0].stop_reason) == (300, "budget_exhausted")


def test_it_counts_retries_as_sent_and_not_as_submitted():
    scenario = Scenario(n=30, budget=60, judge=Judge(failure_rate=0.3))
    last = run(scenario, seed=1)[-1]
    assert last.submitted == 60
    assert last.texts > 120


def test_it_sends_few_texts_in_blocks():
    """Blocks of eight hold 28 pairs in one call of eight texts."""
    scenario = Scenario(n=96, budget=10_000, strategy="blocks", mode=LLMBatchingMode.SERIAL_BUNDLE)
    row = run(scenario, seed=1)[2]
    assert row.calls == 36
    assert row.texts / row.comparisons <= 0.35


def test_it_goes_on_past_an_early_end_when_told_to():
    """The rows up to the end are the same, and the reason is noted once."""
    scenario = Scenario(n=24, budget=276, judge=Judge(slope=20.0), strategy="adaptive")
    stopped, whole = run(scenario, seed=2), run(scenario, seed=2, to_the_end=True)
    assert stopped[-1].stop_reason == "stable"
    assert whole[: len(stopped)] == stopped
    assert whole[-1].submitted == 276
    assert sum(row.stop_reason is not None for row in whole) == 1


def test_it_repeats_itself():
    scenario = Scenario(n=20, budget=100, strategy="adaptive", judge=Judge(failure_rate=0.1))
    assert run(scenario, seed=3) == run(scenario, seed=3)
    assert run(scenario, seed=3) != run(scenario, seed=4)


def test_it_takes_true_qualities_and_anchors():
    truth = tuple(np.linspace(-3.0, 3.0, 12).tolist())
    scenario = Scenario(truth=truth, anchors=4, compare_anchors=False, budget=1000)
    last = run(scenario, seed=1, to_the_end=True)[-1]
    assert last.comparisons == 12 * 11 // 2 - 6
    assert last.true_r2 > 0.7


def test_it_learns_little_from_a_judge_who_goes_by_position():
    scenario = {"n": 24, "budget": 120, "strategy": "random"}
    fair = run(Scenario(**scenario), seed=1)[-1]
    biased = run(Scenario(**scenario, judge=Judge(position_bias=3.0)), seed=1)[-1]
    assert biased.true_r2 < fair.true_r2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n": 1}, "two essays"),
        ({"truth": (1.0,)}, "two essays"),
        ({"truth": (1.0, float("nan"))}, "finite"),
        ({"anchors": 30}, "anchors"),
        ({"true_sd": -1.0}, "true_sd"),
    ],
)
def test_it_refuses_what_cannot_be_simulated(changes, message):
    with pytest.raises(ValueError, match=message):
        Scenario(**changes)
    with pytest.raises(ValueError, match="failure_rate"):
        Judge(failure_rate=1.5)
    with pytest.raises(ValueError, match="finite"):
        Judge(slope=float("inf"))


def test_it_calls_equal_scores_unrelated_to_anything():
    assert squared_correlation(np.zeros(4), np.arange(4.0)) == 0.0
    assert rank_correlation(np.zeros(4), np.arange(4.0)) == 0.0


def test_it_plans_larger_waves_when_the_rules_say_so():
    rows = run(Scenario(n=20, budget=90, rules=WaveRules(minimum=30)), seed=1, to_the_end=True)
    assert [row.new for row in rows] == [30, 30, 30]
