"""What a comparison is expected to tell: against brute force."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from assessment.pairing.prospects import Prospects, expected_information


def posterior(n: int = 8, seed: int = 0):
    """A precision matrix and the scores that go with it."""
    rng = np.random.default_rng(seed)
    precision = np.eye(n) / 1.5**2
    for _ in range(3 * n):
        link = np.zeros(n)
        a, b = rng.permutation(n)[:2]
        link[a], link[b] = 1.0, -1.0
        precision += 0.2 * np.outer(link, link)
    return precision, rng.normal(size=n)


@pytest.mark.parametrize("difference", [0.0, 0.7, -2.0, 5.0])
@pytest.mark.parametrize("sd", [0.0, 0.5, 1.0, 2.0])
def test_it_averages_the_information_over_what_is_not_known(difference, sd):
    def at(gap):
        return 1.0 / (2.0 + np.exp(gap) + np.exp(-gap))

    exact = at(difference)
    if sd:
        reach = (difference - 8 * sd, difference + 8 * sd)
        exact = quad(lambda gap: at(gap) * norm.pdf(gap, difference, sd), *reach)[0]
    told = expected_information(np.array([difference]), np.array([sd**2]))
    assert told[0] == pytest.approx(exact, abs=0.003)


def test_it_expects_the_drop_that_the_comparison_would_bring():
    """Against inverting the precision matrix with the comparison in it."""
    precision, scores = posterior()
    before = np.linalg.inv(precision)
    a, b = np.triu_indices(8, 1)
    gains = Prospects(scores, covariance=before).gains(a, b)
    variance = np.diag(before)[a] + np.diag(before)[b] - 2 * before[a, b]
    weights = expected_information(scores[a] - scores[b], variance)
    for i, j, weight, gain in zip(a, b, weights, gains, strict=True):
        link = np.zeros(8)
        link[i], link[j] = 1.0, -1.0
        after = np.linalg.inv(precision + weight * np.outer(link, link))
        assert gain == pytest.approx(np.trace(before) - np.trace(after))


def test_it_takes_planned_pairs_as_judged():
    """The second round of a wave knows what the first will tell."""
    precision, scores = posterior()
    prospects = Prospects(scores, covariance=np.linalg.inv(precision))
    pairs = [(0, 1), (2, 5)]
    for i, j in pairs:
        cov = np.linalg.inv(precision)
        weight = expected_information(
            np.array([scores[i] - scores[j]]), np.array([cov[i, i] + cov[j, j] - 2 * cov[i, j]])
        )[0]
        link = np.zeros(8)
        link[i], link[j] = 1.0, -1.0
        precision = precision + weight * np.outer(link, link)
    prospects.foresee(pairs)
    afresh = Prospects(scores, covariance=np.linalg.inv(precision))
    a, b = np.triu_indices(8, 1)
    assert prospects.gains(a, b) == pytest.approx(afresh.gains(a, b), rel=0.02)


def test_it_does_with_standard_errors_alone():
    """Independent scores: the same answer either way, and less to gain once it is known."""
    se, scores = np.array([0.3, 0.9, 0.5, 1.2]), np.array([0.0, 0.4, -1.0, 2.0])
    a, b = np.triu_indices(4, 1)
    short = Prospects(scores, se=se)
    full = Prospects(scores, covariance=np.diag(se**2))
    assert short.gains(a, b) == pytest.approx(full.gains(a, b))
    before = short.gains(a, b)
    short.foresee([(0, 1)])
    assert short.gains(a, b)[0] < before[0]


def test_it_knows_how_much_the_scores_tell():
    assert Prospects(np.zeros(3), se=np.ones(3)).resolution == 0.0
    assert Prospects(np.array([-1.0, 1.0]), se=np.ones(2)).resolution == pytest.approx(0.5)
    assert Prospects(np.array([-1.0, 1.0]), se=np.zeros(2)).resolution == 1.0


def test_it_needs_an_uncertainty():
    with pytest.raises(ValueError, match="standard errors"):
        Prospects(np.zeros(3))
