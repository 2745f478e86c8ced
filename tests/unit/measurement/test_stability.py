"""When scores count as settled (DESIGN section 6)."""

import numpy as np
import pytest

from assessment.measurement.bradley_terry import fit
from assessment.measurement.stability import (
    Stability,
    check_stability,
    previous_scores,
    scaled_change,
)
from tests.unit.measurement.decisions import Session, consistent, simulate


def _check(session: Session, before: int, *, success_rate: float = 1.0) -> Stability:
    current = fit(*session.decisions)
    previous = previous_scores(*session.decisions, before, sigma=current.sigma)
    return check_stability(
        previous,
        current,
        n=session.n,
        successes=session.first.size,
        new_successes=session.first.size - before,
        success_rate=success_rate,
    )


def test_it_stops_consistent_judges_early() -> None:
    """P-53: with a proper prior the change shrinks, so stability can fire."""
    session = consistent(24, 30, 1)
    rounds = [
        count
        for count in range(6, 31)
        if _check(
            Session(
                session.truth,
                session.first[: 12 * count],
                session.second[: 12 * count],
                session.first_won[: 12 * count],
            ),
            12 * (count - 1),
        ).stable
    ]
    assert rounds and rounds[0] <= 18


def test_it_needs_earlier_scores() -> None:
    session = simulate(24, 14, 2.0, 1)
    result = _check(session, 0)
    assert not result.stable and result.max_score_change is None
    assert "no earlier scores to compare with" in result.reasons


def test_it_ignores_a_tail_wave_of_one_pair() -> None:
    """P-74: one or two new decisions settle nothing, however little the scores move."""
    session = simulate(15, 14, 3.0, 1)
    result = _check(session, session.first.size - 1)
    assert not result.stable
    assert any("new decisions" in reason for reason in result.reasons)


def test_it_scales_the_change_to_half_a_round_of_evidence() -> None:
    before, now = np.array([0.0, 1.0, -1.0, 0.0]), np.array([0.3, 1.0, -1.0, -0.3])
    few = scaled_change(before, now, n=4, new_successes=2)
    many = scaled_change(before, now, n=4, new_successes=8)
    assert few == pytest.approx(0.3 / now.std(ddof=1))
    assert many == pytest.approx(few / 2 if few else None)


def test_it_compares_with_the_earlier_decisions_under_the_present_prior() -> None:
    """Else a change of the estimated spread would look like a change of the scores."""
    n, first, second, first_won = simulate(24, 12, 1.5, 2).decisions
    sigma = fit(n, first, second, first_won).sigma
    earlier = previous_scores(n, first, second, first_won, 132, sigma=sigma)
    alone = fit(n, first[:132], second[:132], first_won[:132], sigma=sigma)
    assert earlier == pytest.approx(alone.scores)
    assert previous_scores(n, first, second, first_won, 0, sigma=sigma) is None


@pytest.mark.parametrize(
    ("n", "per_item", "sd", "success_rate", "words"),
    [
        (24, 4, 2.0, 1.0, "comparisons per essay"),
        (4, 4, 2.0, 1.0, "12 needed"),
        (24, 20, 2.5, 0.7, "success rate"),
        (24, 20, 0.0, 1.0, "chance"),
    ],
)
def test_it_says_what_is_missing(
    n: int, per_item: int, sd: float, success_rate: float, words: str
) -> None:
    session = simulate(n, per_item, sd, 3)
    result = _check(session, session.first.size - n // 2, success_rate=success_rate)
    assert not result.stable
    assert any(words in reason for reason in result.reasons)


def test_it_rarely_calls_coin_tosses_stable() -> None:
    stable = [_check(simulate(20, 10, 0.0, seed), 90).stable for seed in range(60)]
    assert sum(stable) <= 1
