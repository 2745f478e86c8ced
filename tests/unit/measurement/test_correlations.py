"""Rank correlations of all samples at once are those of scipy, sample by sample."""

import numpy as np
import pytest
from scipy import stats

from assessment.measurement import correlations

SCIPYS = {"tau_b": stats.kendalltau, "spearman": stats.spearmanr}


@pytest.mark.parametrize("name", SCIPYS)
@pytest.mark.parametrize("kinds", [2, 5, 1000])
@pytest.mark.parametrize("n", [2, 3, 24, correlations.MATRIX_LIMIT, correlations.MATRIX_LIMIT + 1])
@pytest.mark.filterwarnings("ignore:An input array is constant")
def test_each_sample_is_as_scipy_has_it(name: str, kinds: int, n: int) -> None:
    """Scores against grades, ties of both and items drawn twice included."""
    rng = np.random.default_rng(n * kinds)
    one = rng.normal(size=n).round(1)
    other = rng.integers(0, kinds, n)
    rows = rng.integers(0, n, (5, n))
    found = getattr(correlations, name)(one, other, rows)
    wanted = [SCIPYS[name](one[row], other[row]).statistic for row in rows]
    assert found == pytest.approx(wanted, abs=1e-12, nan_ok=True)
    whole = getattr(correlations, name)(one, other)
    assert whole == pytest.approx([SCIPYS[name](one, other).statistic], abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", SCIPYS)
def test_what_does_not_vary_has_none(name: str) -> None:
    found = getattr(correlations, name)(np.array([0.1, 0.2, 0.3]), np.array([1, 1, 2]))
    assert np.isfinite(found).all()
    rows = np.array([[0, 1, 0], [0, 1, 2], [2, 2, 2]])
    found = getattr(correlations, name)(np.array([0.1, 0.2, 0.3]), np.array([1, 1, 2]), rows)
    assert np.isnan(found).tolist() == [True, False, True]


@pytest.mark.parametrize("name", SCIPYS)
@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_items_have_none(name: str, n: int) -> None:
    assert np.isnan(getattr(correlations, name)(np.zeros(n), np.zeros(n))).all()
