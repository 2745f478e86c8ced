"""What each way of choosing pairs buys, and that the printed reliability survives it.

Small versions, with fixed seeds, of the tables in docs/simulation.md.
"""

from functools import cache

import numpy as np
import pytest

from assessment.modes import LLMBatchingMode
from assessment.pairing.plans import WaveRules
from assessment.simulation.runs import WaveRow, run
from assessment.simulation.scenarios import Judge, Scenario
from assessment.simulation.tables import comparisons_needed, endings, mean_rows

CONSISTENT = Judge(slope=20.0)


@cache
def curves(n: int, sd: float, strategy: str, per_essay: int, seeds: int) -> list[list[WaveRow]]:
    """Waves of n/2; random pairs do not depend on scores, so three of their waves go in one."""
    rules = WaveRules(minimum=3 * n // 2 if strategy == "random" else n // 2)
    scenario = Scenario(n=n, true_sd=sd, strategy=strategy, budget=per_essay * n // 2, rules=rules)
    return [run(scenario, seed, to_the_end=True) for seed in range(seeds)]


@pytest.mark.parametrize("strategy", ["random", "adaptive"])
@pytest.mark.parametrize(("n", "sd", "seeds"), [(60, 1.0, 10), (60, 1.5, 6), (60, 2.0, 6)])
def test_it_prints_the_true_squared_correlation(n, sd, seeds, strategy):
    """At 12, 20 (21 for random pairs) and 30 comparisons per essay, within .05 on average."""
    check_printed(curves(n, sd, strategy, 30, seeds))


@pytest.mark.parametrize("strategy", ["random", "adaptive"])
@pytest.mark.parametrize("sd", [1.0, 1.5, 2.0])
def test_it_prints_the_true_squared_correlation_of_100_essays(sd, strategy):
    check_printed(curves(100, sd, strategy, 30, 6))


def check_printed(runs: list[list[WaveRow]]) -> None:
    table = mean_rows(runs)
    for wanted in (12, 20, 30):
        row = next(row for row in table if row.per_essay >= wanted)
        assert abs(row.bias) <= 0.05


def test_it_prints_nothing_on_coin_tosses():
    """40 seeds, 20 essays, 6 and 10 comparisons each, pairs chosen by `adaptive`."""
    scenario = Scenario(n=20, true_sd=0.0, strategy="adaptive", budget=100)
    runs = [run(scenario, seed, to_the_end=True) for seed in range(40)]
    for per_essay in (6.0, 10.0):
        told = [row.printed for rows in runs for row in rows if row.per_essay >= per_essay][
            : len(runs)
        ]
        assert np.mean([value is None for value in told]) >= 0.9
        assert np.mean([value or 0.0 for value in told]) < 0.05


def test_it_needs_fewer_comparisons_than_random_pairs():
    """100 essays, true SD 1.5. With 200 seeds the shares are well below .88 and .80; 16 seeds may
    be off by some .05."""
    random = mean_rows(curves(100, 1.5, "random", 27, 16))
    adaptive = mean_rows(curves(100, 1.5, "adaptive", 20, 16))
    for accuracy, most in ((0.80, 0.88), (0.88, 0.80)):
        assert comparisons_needed(adaptive, accuracy) <= (most + 0.05) * comparisons_needed(
            random, accuracy
        )


@pytest.mark.parametrize(("n", "seeds"), [(24, 30), (100, 10)])
def test_it_stops_early_with_consistent_judges(n, seeds):
    """`stable` by 16 comparisons per essay in nine tenths of the seeds, in waves of n/2."""
    scenario = Scenario(
        n=n,
        strategy="adaptive",
        judge=CONSISTENT,
        budget=10 * n,
        rules=WaveRules(minimum=n // 2),
    )
    ends = [run(scenario, seed)[-1] for seed in range(seeds)]
    in_time = [row.stop_reason == "stable" and row.per_essay <= 16.0 for row in ends]
    assert np.mean(in_time) >= 0.9


@pytest.mark.parametrize("n", [15, 24])
def test_it_never_stops_on_little_evidence(n):
    """P-74: never stable before 6 per essay, nor on fewer than floor(n/2) new verdicts."""
    scenario = Scenario(n=n, strategy="adaptive", budget=20 * n, rules=WaveRules(minimum=n // 2))
    runs = [run(scenario, seed) for seed in range(15)]
    stable = [rows for rows in runs if rows[-1].stop_reason == "stable"]
    if stable:
        ends = endings(stable)
        assert ends.fewest_per_essay >= 6.0
        assert ends.fewest_new >= n // 2
    assert {rows[-1].stop_reason for rows in runs} <= {"stable", "coverage_complete"}


def test_three_waves_of_blocks_are_worth_as_many_random_pairs():
    """96 essays in blocks of 8: the same accuracy, for a sixth of the texts."""
    seeds = range(24)
    blocks = Scenario(
        n=96, strategy="blocks", mode=LLMBatchingMode.SERIAL_BUNDLE, budget=1008, true_sd=1.5
    )
    third = [run(blocks, seed, to_the_end=True)[2] for seed in seeds]
    as_many = round(np.mean([row.comparisons for row in third]))
    rules = WaveRules(minimum=as_many)
    single = Scenario(n=96, strategy="random", budget=as_many, true_sd=1.5, rules=rules)
    random = [run(single, seed, to_the_end=True)[-1] for seed in seeds]
    lost = np.mean([row.true_r2 for row in random]) - np.mean([row.true_r2 for row in third])
    assert lost <= 0.015
    assert all(row.texts <= 0.35 * row.comparisons for row in third)
