"""The printed reliability: right on average, silent on coin tosses, honest about its range."""

import numpy as np
import pytest

from assessment.measurement.bradley_terry import fit
from assessment.measurement.eps_estimates import eps_estimate
from assessment.measurement.reliability import marginal_reliability
from tests.unit.measurement.decisions import consistent, round_robin, simulate


@pytest.mark.parametrize("closest", [False, True], ids=["random", "closest"])
@pytest.mark.parametrize("per_item", [6, 10])
@pytest.mark.parametrize(("n", "seeds"), [(20, 200), (60, 60)])
def test_it_prints_no_reliability_for_coin_tosses(
    n: int, seeds: int, per_item: int, closest: bool
) -> None:
    """Silent in at least 90 % of runs, and below .05 on average counting silence as 0."""
    values = []
    for seed in range(seeds):
        session = simulate(n, per_item, 0.0, seed, closest=closest)
        values.append(marginal_reliability(fit(*session.decisions)).value)
    assert np.mean([value is None for value in values]) >= 0.9
    assert np.mean([value or 0.0 for value in values]) < 0.05


def test_it_does_not_fall_for_what_fools_scale_separation() -> None:
    ssr = []
    for seed in range(20):
        session = simulate(60, 6, 0.0, seed, closest=True)
        ssr.append(eps_estimate(*session.decisions).ssr_mle)
    assert np.mean(ssr) > 0.5


@pytest.mark.parametrize("per_item", [12, 20, 30])
@pytest.mark.parametrize("sd", [1.0, 1.5, 2.0])
@pytest.mark.parametrize(("n", "seeds"), [(60, 16), (100, 8)])
def test_it_prints_what_true_scores_bear_out(n: int, seeds: int, sd: float, per_item: int) -> None:
    differences = []
    for seed in range(seeds):
        session = simulate(n, per_item, sd, seed)
        result = fit(*session.decisions)
        value = marginal_reliability(result).value
        truth = np.corrcoef(session.truth, result.scores)[0, 1] ** 2
        differences.append((value or 0.0) - truth)
    assert abs(np.mean(differences)) <= 0.05


def test_its_interval_holds_the_squared_correlation_in_most_runs() -> None:
    inside = []
    for seed in range(25):
        session = simulate(60, 14, 1.5, seed)
        result = fit(*session.decisions)
        printed = marginal_reliability(result)
        assert printed.value is not None and printed.low is not None
        assert printed.high is not None
        assert printed.low <= printed.value <= printed.high
        truth = np.corrcoef(session.truth, result.scores)[0, 1] ** 2
        inside.append(printed.low <= truth <= printed.high)
    assert np.mean(inside) >= 0.8


def test_it_follows_the_centred_formula() -> None:
    result = fit(*round_robin(24, 1.5, 0).decisions)
    assert result.covariance is not None
    trace = float(np.trace(result.covariance))
    expected = 1 - trace / 23 / result.sigma**2
    assert marginal_reliability(result).value == pytest.approx(expected)


def test_it_says_that_parts_lower_it() -> None:
    one, other = simulate(20, 16, 2.0, 1), simulate(20, 16, 2.0, 2)
    both = fit(
        40,
        np.concatenate([one.first, other.first + 20]),
        np.concatenate([one.second, other.second + 20]),
        np.concatenate([one.first_won, other.first_won]),
    )
    assert "2 unconnected parts" in marginal_reliability(both).reason


def test_it_has_a_reason_for_silence() -> None:
    nothing = marginal_reliability(fit(4, [], [], []))
    assert nothing.value is None and nothing.reason == "not shown to differ from chance"
    skipped = fit(4, [0], [1], [1], compute_se=False)
    assert marginal_reliability(skipped).reason == "standard errors were not computed"


def test_a_pair_decided_six_times_alike_has_no_reliability() -> None:
    """The spread of two or three true scores is a guess, and so would be the number."""
    for n in (1, 2, 3):
        first, second = np.zeros(6 * (n - 1), np.intp), np.arange(6 * (n - 1)) % max(n - 1, 1) + 1
        found = marginal_reliability(fit(n, first, second, np.ones(first.size)))
        assert (found.value, found.low, found.shown) == (None, None, False)
        assert found.reason == "needs at least 4 essays"
    known = fit(5, [0, 0, 0, 0] * 6, [1, 2, 3, 4] * 6, [1] * 24, fixed={0: 3.0, 1: 0.0})
    reason = marginal_reliability(known).reason
    assert reason == "needs at least 4 essays without a known score"


def test_it_stays_below_one_for_perfectly_consistent_judges() -> None:
    result = fit(*consistent(24, 12, 0).decisions)
    value = marginal_reliability(result).value
    assert value is not None and 0.8 < value < 1.0
    assert result.sigma < 12
