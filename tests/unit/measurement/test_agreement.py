"""Agreement of projected with known grades."""

import numpy as np
import pytest

from assessment.measurement.agreement import agreement, weighted_kappa
from assessment.measurement.scales import parse_scale

SCALE = parse_scale("1,2,3,4,5")


def test_it_is_perfect_for_equal_grades() -> None:
    grades = list("12345123")
    result = agreement(grades, grades, SCALE)
    for measure in (result.exact, result.adjacent, result.kappa, result.tau_b, result.spearman):
        assert measure.value == pytest.approx(1.0)
    assert result.mean_difference.value == 0.0


def test_it_counts_by_hand() -> None:
    result = agreement(["1", "2", "3", "5"], ["1", "3", "5", "5"], SCALE)
    assert result.exact.value == 0.5
    assert result.adjacent.value == 0.75
    assert result.mean_difference.value == -0.75
    # Observed mean squared difference 1.25; 28.. pairs of shuffled grades give 77 / 16.
    expected = np.mean([(a - b) ** 2 for a in (0, 1, 2, 4) for b in (0, 2, 4, 4)])
    assert result.kappa.value == pytest.approx(1 - 1.25 / expected)


def test_kappa_is_zero_for_unrelated_grades() -> None:
    rng = np.random.default_rng(0)
    mine, theirs = rng.integers(0, 5, (2, 1, 4000))
    assert abs(weighted_kappa(mine, theirs, 5)[0]) < 0.05


def test_it_leaves_out_items_without_both_grades() -> None:
    assert agreement(["1", None, "2"], ["1", "2", None], SCALE).n == 1
    nothing = agreement([None], ["1"], SCALE)
    assert nothing.n == 0 and nothing.exact.value is None


def test_correlations_need_variety() -> None:
    result = agreement(["1", "1", "1"], ["1", "2", "3"], SCALE)
    assert result.tau_b.value is None and result.spearman.value is None


def test_scores_rank_finer_than_grades() -> None:
    known = list("1122334455")
    projected = list("1111333355")
    scores = np.arange(10.0)
    coarse = agreement(projected, known, SCALE)
    fine = agreement(projected, known, SCALE, scores=scores)
    assert coarse.exact.value == fine.exact.value
    assert coarse.spearman.value is not None and fine.spearman.value is not None
    assert fine.spearman.value > coarse.spearman.value


def test_intervals_hold_the_value_and_repeat() -> None:
    rng = np.random.default_rng(1)
    known = [str(grade) for grade in rng.integers(1, 6, 40)]
    projected = [str(min(5, int(grade) + int(rng.random() < 0.4))) for grade in known]
    one, again = (agreement(projected, known, SCALE) for _ in range(2))
    assert one == again
    for measure in (one.exact, one.kappa, one.tau_b, one.mean_difference):
        assert measure.low is not None and measure.value is not None
        assert measure.high is not None
        assert measure.low <= measure.value <= measure.high
    assert one.exact.low is not None and one.exact.high is not None
    assert 0.15 < one.exact.high - one.exact.low < 0.45


def test_there_is_no_interval_that_would_not_hold() -> None:
    """Of few items, or where every sample gives one figure."""
    grades = [SCALE.labels[index % len(SCALE)] for index in range(12)]
    other = [SCALE.labels[(index + index % 2) % len(SCALE)] for index in range(12)]
    assert agreement(grades, other, SCALE).tau_b.low is not None
    few = agreement(grades[:11], other[:11], SCALE)
    assert few.tau_b.value is not None and few.tau_b.low is None and few.exact.low is None
    same = agreement(grades, grades, SCALE)
    assert (same.tau_b.value, same.tau_b.low, same.tau_b.high) == (1.0, None, None)
