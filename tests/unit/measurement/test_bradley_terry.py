"""Scores: known answers, degenerate data, fixed items, position effect."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessment.measurement.bradley_terry import fit
from tests.unit.measurement.decisions import round_robin, simulate

# Stigler's citations between four statistics journals: rows cited, columns citing.
CITATIONS = np.array(
    [[714, 730, 498, 221], [33, 425, 68, 17], [320, 813, 1072, 142], [284, 276, 325, 188]]
)


def _citation_decisions() -> tuple[list[int], list[int], list[float], list[float]]:
    rows = [(i, j) for i in range(4) for j in range(4) if i != j]
    first, second = [i for i, _ in rows], [j for _, j in rows]
    return first, second, [1.0] * len(rows), [float(CITATIONS[i, j]) for i, j in rows]


def test_it_reproduces_stiglers_journal_scores() -> None:
    first, second, won, weights = _citation_decisions()
    result = fit(
        4,
        first,
        second,
        won,
        weights=weights,
        fixed={0: 0.0},
        prior=False,
        position_effect=False,
    )
    assert result.scores[1:] == pytest.approx([-2.9491, -0.4796, 0.2690], abs=1e-4)
    assert result.se[1:] == pytest.approx([0.1026, 0.0606, 0.0708], abs=1e-4)


def test_it_gives_errors_that_do_not_depend_on_a_reference_item() -> None:
    """P-51: centred errors are the same whichever item is called zero."""
    first, second, won, weights = _citation_decisions()
    free = fit(4, first, second, won, weights=weights, prior=False, position_effect=False)
    covariances = []
    for reference in range(4):
        held = fit(
            4,
            first,
            second,
            won,
            weights=weights,
            fixed={reference: 0.0},
            prior=False,
            position_effect=False,
        )
        assert held.covariance is not None
        centring = np.eye(4) - 0.25
        covariances.append(centring @ held.covariance @ centring)
        assert held.scores - held.scores.mean() == pytest.approx(free.scores, abs=1e-7)
    for covariance in covariances:
        assert np.sqrt(np.diag(covariance)) == pytest.approx(free.se, rel=1e-8)


def test_it_refuses_maximum_likelihood_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="never won or never lost"):
        fit(3, [0, 0, 1], [1, 2, 2], [1, 1, 1], prior=False)


DEGENERATE: dict[str, tuple[int, Sequence[int], Sequence[int], Sequence[int]]] = {
    "nothing": (0, [], [], []),
    "one essay": (1, [], [], []),
    "no decisions": (3, [], [], []),
    "one decision": (2, [0], [1], [1]),
    "one winner of all": (4, [0, 0, 0, 1, 2], [1, 2, 3, 2, 3], [1, 1, 1, 1, 0]),
    "all win or lose": (4, [0, 0, 1, 1] * 5, [2, 3, 2, 3] * 5, [1, 1, 1, 1] * 5),
    "same pair over and over": (3, [0] * 50, [1] * 50, [1] * 50),
    "two parts": (4, [0, 2, 0], [1, 3, 1], [1, 0, 1]),
    "first always wins": (3, [0, 1, 2, 1, 2, 0], [1, 2, 0, 0, 1, 2], [1] * 6),
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_it_stays_finite_on_degenerate_data(case: str) -> None:
    """P-51, P-52: finite scores, no zero error, and the same answer every time."""
    n, first, second, won = DEGENERATE[case]
    one, again = fit(n, first, second, won), fit(n, first, second, won)
    assert np.isfinite(one.scores).all() and np.isfinite(one.sigma)
    assert np.isfinite(one.gamma) and np.isfinite(one.gamma_se)
    assert np.isfinite(one.se).all() and (one.se > 0).all()
    assert one.converged
    assert np.array_equal(one.scores, again.scores) and np.array_equal(one.se, again.se)


def test_it_tells_items_apart_that_always_win_or_lose() -> None:
    """P-52: no identical scores silently published."""
    result = fit(4, [0, 0, 0, 1, 2], [1, 2, 3, 2, 3], [1, 1, 1, 1, 0])
    assert result.scores[0] > result.scores[3] > result.scores[2]
    assert np.unique(result.scores).size == 4


def test_it_reports_parts_that_were_never_compared() -> None:
    result = fit(5, [0, 2], [1, 3], [1, 1])
    assert result.n_components == 3
    assert result.component.tolist() == [0, 0, 1, 1, 2]


def test_it_gives_an_essay_without_comparisons_the_largest_error() -> None:
    """P-51."""
    session = simulate(12, 6, 1.0, 3)
    result = fit(13, session.first, session.second, session.first_won)
    assert result.comparisons[12] == 0
    assert result.se[12] == result.se.max()
    assert result.se[12] == pytest.approx(result.sigma, rel=0.05)


def test_it_does_not_depend_on_where_it_starts_or_on_the_order_of_rows() -> None:
    session = simulate(40, 10, 1.5, 5)
    cold = fit(*session.decisions)
    warm = fit(*session.decisions, start=session.truth)
    turned = fit(session.n, session.first[::-1], session.second[::-1], session.first_won[::-1])
    assert warm.scores == pytest.approx(cold.scores, abs=2e-3)
    assert turned.scores == pytest.approx(cold.scores, abs=1e-9)


def test_it_counts_weights_as_repeated_rows() -> None:
    session = simulate(10, 6, 1.0, 1)
    twice = fit(
        session.n,
        np.tile(session.first, 2),
        np.tile(session.second, 2),
        np.tile(session.first_won, 2),
        sigma=1.0,
    )
    weighted = fit(*session.decisions, sigma=1.0, weights=np.full(session.first.size, 2.0))
    assert weighted.scores == pytest.approx(twice.scores)
    assert weighted.comparisons == pytest.approx(twice.comparisons)


def test_it_holds_fixed_scores_and_puts_the_rest_on_their_scale() -> None:
    session = simulate(60, 30, 1.0, 8)
    shifted = session.truth + 7.0
    fixed = {item: float(shifted[item]) for item in range(10)}
    result = fit(*session.decisions, fixed=fixed)
    assert result.scores[:10] == pytest.approx(shifted[:10])
    assert (result.se[:10] == 0).all() and (result.se[10:] > 0).all()
    assert abs((result.scores - shifted)[10:].mean()) < 0.2


def test_it_finds_the_position_effect() -> None:
    """Averages over seeds of the estimate, and of its squared error over its variance."""
    estimates, ratios = [], []
    for seed in range(30):
        session = simulate(30, 20, 1.0, seed, gamma=0.6)
        result = fit(*session.decisions, sigma=1.0)
        estimates.append(result.gamma)
        ratios.append(((result.gamma - 0.6) / result.gamma_se) ** 2)
    assert np.mean(estimates) == pytest.approx(0.6, abs=0.08)
    assert 0.5 < np.mean(ratios) < 1.7


def test_it_has_errors_as_large_as_the_real_ones() -> None:
    """Mean squared error over stated variance is near 1."""
    ratios = []
    for seed in range(20):
        session = simulate(60, 20, 1.0, seed)
        result = fit(*session.decisions, sigma=1.0)
        missed = result.scores - (session.truth - session.truth.mean())
        ratios.append(np.mean((missed / result.se) ** 2))
    assert 0.85 < np.mean(ratios) < 1.2


def test_it_flags_nothing_in_a_healthy_net() -> None:
    """P-54: 24 essays, all 276 pairs: one part, every error well below the spread."""
    for seed in range(20):
        result = fit(*round_robin(24, 1.5, seed).decisions)
        assert result.n_components == 1 and result.converged
        assert result.se.max() < 0.9 * result.sigma


def test_it_accepts_ties_as_half_a_win() -> None:
    result = fit(2, [0, 0], [1, 1], [0.5, 0.5], position_effect=False)
    assert result.scores == pytest.approx([0.0, 0.0])
    assert result.wins.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("first", "second", "won", "message"),
    [
        ([0], [0], [1], "compared with itself"),
        ([0], [3], [1], "outside 0..2"),
        ([0, 1], [1], [1], "differ in length"),
        ([0], [1], [2], "between 0 and 1"),
        ([0.5], [1], [1], "whole item numbers"),
    ],
)
def test_it_refuses_malformed_decisions(
    first: list[int], second: list[int], won: list[int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        fit(3, first, second, won)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 7).flatmap(
        lambda n: st.tuples(
            st.just(n),
            st.lists(
                st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), st.booleans()).filter(
                    lambda row: row[0] != row[1]
                ),
                max_size=40,
            ),
        )
    )
)
def test_it_is_finite_centred_and_sure_of_nothing_on_any_data(
    data: tuple[int, list[tuple[int, int, bool]]],
) -> None:
    """P-51, P-52."""
    n, rows = data
    first, second, won = ([row[k] for row in rows] for k in range(3))
    result = fit(n, first, second, won)
    assert np.isfinite(result.scores).all()
    assert abs(result.scores.sum()) < 1e-6
    assert (result.se > 0.01).all() and np.isfinite(result.se).all()
    assert result.comparisons.sum() == 2 * len(rows)
    assert result.wins.sum() == len(rows)
