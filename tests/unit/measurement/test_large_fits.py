"""Above 2,000 items errors and evidence are sampled; they must match exact ones."""

import numpy as np
import pytest

from assessment.measurement import covariances, determinants, reliability, solvers
from assessment.measurement.bradley_terry import fit
from assessment.measurement.reliability import marginal_reliability
from tests.unit.measurement.decisions import Session, simulate


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treats fits of 300 items as large ones."""
    for module in (solvers, determinants, covariances, reliability):
        monkeypatch.setattr(module, "DENSE_LIMIT", 100)


CASES = {"thin": (400, 4, 1.5), "usual": (400, 14, 1.5), "thick": (300, 80, 1.0)}


@pytest.mark.parametrize("case", CASES)
def test_it_samples_what_it_cannot_factor(case: str, request: pytest.FixtureRequest) -> None:
    n, per_item, sd = CASES[case]
    session = simulate(n, per_item, sd, 2, gamma=0.3)
    exact = fit(*session.decisions)
    exact_reliability = marginal_reliability(exact)
    request.getfixturevalue("small_limit")
    sampled = fit(*session.decisions)
    assert sampled.covariance is None
    assert sampled.sigma == pytest.approx(exact.sigma, rel=0.02)
    assert sampled.gamma_se == pytest.approx(exact.gamma_se, rel=0.01)
    ratio = sampled.se / exact.se
    assert np.sqrt(np.mean((ratio - 1) ** 2)) < 0.03
    assert abs(ratio.mean() - 1) < 0.015
    assert sampled.log_likelihood_ratio == pytest.approx(exact.log_likelihood_ratio, rel=0.03)
    guess = marginal_reliability(sampled)
    assert guess.value == pytest.approx(exact_reliability.value, abs=0.01)
    assert guess.low == pytest.approx(exact_reliability.low, abs=0.05)
    assert guess.high == pytest.approx(exact_reliability.high, abs=0.05)


def test_it_still_sees_chance_in_a_large_fit(small_limit: None) -> None:
    shown = [
        marginal_reliability(fit(*simulate(300, 8, 0.0, seed).decisions)).shown
        for seed in range(10)
    ]
    assert sum(shown) <= 2


def test_it_keeps_fixed_scores_in_a_large_fit(request: pytest.FixtureRequest) -> None:
    session = simulate(300, 10, 1.0, 4)
    fixed = {item: float(session.truth[item]) for item in range(12)}
    exact = fit(*session.decisions, fixed=fixed)
    request.getfixturevalue("small_limit")
    sampled = fit(*session.decisions, fixed=fixed)
    assert sampled.scores == pytest.approx(exact.scores, abs=0.02)
    assert sampled.se[12:] == pytest.approx(exact.se[12:], rel=0.15)
    assert (sampled.se[:12] == 0).all()


def test_it_adds_up_pairs_alike_above_the_table_limit() -> None:
    base = simulate(60, 20, 1.0, 6)
    far = Session(
        np.concatenate([base.truth, np.zeros(2_000)]), base.first, base.second, base.first_won
    )
    small = fit(*base.decisions, sigma=1.0)
    large = fit(*far.decisions, sigma=1.0, compute_se=False)
    assert large.scores[:60] == pytest.approx(small.scores, abs=1e-6)
    assert large.wins[:60] == pytest.approx(small.wins)
