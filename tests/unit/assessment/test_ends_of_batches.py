"""Every batch of 2 to 40 essays ends, for the right reason: real pairs, fit and decisions."""

from dataclasses import replace

import numpy as np
import pytest

from assessment.modes import LLMBatchingMode
from assessment.pairing.plans import WaveRules, next_wave
from assessment.pairing.states import PairingState
from assessment.simulation.runs import WaveRow, run
from assessment.simulation.scenarios import Judge, Scenario

MODES = list(LLMBatchingMode)
DEFAULT_STRATEGY = {
    LLMBatchingMode.PER_REQUEST: "balanced",
    LLMBatchingMode.SERIAL_BUNDLE: "blocks",
    LLMBatchingMode.PROVIDER_BATCH_API: "balanced",
}
LUCK = [(0.0, 2), (0.3, 2), (0.3, 0), (1.0, 2)]
SINGLE_WAVE = LLMBatchingMode.PROVIDER_BATCH_API


def right_reasons(scenario: Scenario, rows: list[WaveRow]) -> set[str]:
    """What the last wave alone says of why a batch may have ended there."""
    end, n = rows[-1], scenario.size
    every_pair = n * (n - 1) // 2 * scenario.judgements_per_pair
    if end.comparisons < 0.8 * end.submitted or not end.comparisons:
        return {"low_success_rate"}
    if end.comparisons == every_pair:
        return {"coverage_complete"}
    if end.submitted == scenario.budget:
        return {"budget_exhausted"}
    if end.submitted >= every_pair:
        return {"pairs_exhausted"}
    if end.per_essay >= 6.0 and end.new >= n // 2 and end.printed is not None:
        return {"stable"}
    return {"max_iterations"} if end.wave == 50 else set()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("failure_rate", "retries"), LUCK)
def test_it_ends_for_every_number_of_essays(mode, failure_rate, retries):
    """P-08, P-09, P-10, P-14: n from 2 to 40, four budgets by turns of two, and no monitor."""
    limits = replace(Scenario().limits, max_retry_rounds=retries)
    turn = LUCK.index((failure_rate, retries))
    for n in range(2, 41):
        for budget in sorted({1, n - 1, 60, 150})[(n + turn) % 2 :: 2]:
            scenario = Scenario(
                n=n,
                mode=mode,
                strategy=DEFAULT_STRATEGY[mode],
                budget=budget,
                judge=Judge(failure_rate=failure_rate),
                limits=limits,
            )
            rows = run(scenario, seed=100 * n + budget)
            case = f"n={n} budget={budget}"
            assert {row.stop_reason for row in rows[:-1]} <= {None}, case
            assert rows[-1].stop_reason in right_reasons(scenario, rows), case
            for row in rows:
                assert row.comparisons + row.failed <= row.submitted <= budget, case
            if mode is SINGLE_WAVE:
                assert len(rows) == 1, case
            if failure_rate == 1.0:
                assert len(rows) <= 2, case


@pytest.mark.parametrize("mode", MODES)
def test_it_spends_little_of_a_large_budget_on_a_judge_that_never_answers(mode):
    """P-11: two waves in the live modes; in one wave there is no second thought."""
    scenario = Scenario(
        n=40,
        budget=780,
        mode=mode,
        strategy=DEFAULT_STRATEGY[mode],
        judge=Judge(failure_rate=1.0),
    )
    end = run(scenario, seed=1)[-1]
    assert end.stop_reason == "low_success_rate"
    if mode is not SINGLE_WAVE:
        assert end.submitted <= 0.4 * 780


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("strategy", ["balanced", "blocks", "adaptive"])
def test_four_essays_end_at_six_whatever_the_budget(mode, strategy):
    """P-08, P-05: neither the budget nor a wave of 12 adds a seventh."""
    rows = run(Scenario(n=4, budget=150, mode=mode, strategy=strategy), seed=3)
    assert (rows[-1].submitted, rows[-1].stop_reason) == (6, "coverage_complete")


@pytest.mark.parametrize("mode", MODES)
def test_five_essays_end_at_ten_and_with_four_judgements_at_forty_at_the_latest(mode):
    """P-06"""
    strategy = DEFAULT_STRATEGY[mode]
    once = run(Scenario(n=5, budget=60, mode=mode, strategy=strategy), seed=2)[-1]
    assert (once.submitted, once.stop_reason) == (10, "coverage_complete")
    coin = Judge(slope=0.0)
    often = run(
        Scenario(n=5, budget=60, mode=mode, strategy=strategy, judgements_per_pair=4, judge=coin),
        seed=2,
    )[-1]
    assert 10 < often.submitted == 40
    assert often.stop_reason == "coverage_complete"


@pytest.mark.parametrize("strategy", ["balanced", "blocks", "adaptive"])
@pytest.mark.parametrize("cap", [1, 1_999, 2_000, 5_000])
def test_one_wave_of_2000_essays_holds_the_cap_and_no_pair_more(cap, strategy):
    """P-40, P-43: of two million possible pairs."""
    n = 2_000
    state = PairingState(
        n=n,
        is_anchor=np.zeros(n, dtype=np.bool_),
        first=np.empty(0, dtype=np.int64),
        second=np.empty(0, dtype=np.int64),
        succeeded=np.empty(0, dtype=np.bool_),
    )
    plan = next_wave(
        state, WaveRules(), mode=SINGLE_WAVE, strategy=strategy, room=cap, seed=1, number=1
    )
    assert len({tuple(sorted(pair)) for pair in plan.pairs.tolist()}) == len(plan) == cap
    if cap >= n:
        assert len(np.unique(plan.pairs)) == n
