"""Reliability by marginal likelihood: the squared correlation to expect with the true scores."""

from dataclasses import dataclass

import numpy as np

from assessment.measurement.arrays import FloatArray
from assessment.measurement.bradley_terry import Fit
from assessment.measurement.covariances import posterior_spread
from assessment.measurement.evidence import Evidence, weigh
from assessment.measurement.solvers import DENSE_LIMIT

CHANCE_LIMIT = 1.35
"""Log likelihood ratio of sigma against 0 up to which the data may be chance alone.

Half of 2.71: on coin tosses twice the ratio is 0 half of the time and chi-square with one degree of
freedom otherwise (Self & Liang, 1987), so one run in twenty or fewer gets past it.
"""

HALF_WIDTH = 1.920729
"""Fall of the log likelihood that bounds a 95 % interval: half the chi-square quantile (1 df)."""

NORMAL_95 = 1.959964

FEWEST_ITEMS = 4
"""Items below which there is no number: the spread of two or three true scores is a guess, and with
it the share of it that is error. One pair decided six times alike would say .75."""

PROFILE_LIMIT = 300
"""Largest number of items for which the interval always comes from the profile."""

WALD_FROM = 0.8
"""Reliability from which Wald's interval is as good as the profile's, and much quicker. Below it
is up to .05 too narrow at the low end."""


@dataclass(frozen=True)
class Reliability:
    """`value` from 0 to 1, None while not shown; `low` and `high` bound the 95 % interval.

    The interval is a likelihood interval of sigma (profile likelihood; Wald on the log odds of
    reliability for large fits) carried over to reliability. `reason` says in plain words
    what the number stands for, or why there is none.
    """

    value: float | None
    low: float | None
    high: float | None
    shown: bool
    reason: str


NOT_SHOWN = "not shown to differ from chance"


def marginal_reliability(fit: Fit) -> Reliability:
    """Reliability = 1 - n / (n - 1) * mean(se^2) / sigma^2, with se of the centred scores.

    n counts items whose score is not fixed; with fixed scores nothing is centred and the factor
    is 1. None with fewer than 4 of them, and while the log likelihood ratio of sigma against 0 is
    at most 1.35.
    """
    free = int((~fit.fixed).sum())
    if np.isinf(fit.sigma):
        return _none("a fit without a prior has no marginal-likelihood reliability")
    if free < FEWEST_ITEMS:
        what = " without a known score" if fit.fixed.any() else ""
        return _none(f"needs at least {FEWEST_ITEMS} essays{what}")
    if not bool(np.isfinite(fit.se).all()):
        return _none("standard errors were not computed")
    if fit.log_likelihood_ratio <= CHANCE_LIMIT:
        return _none(NOT_SHOWN)
    value = _reliability(fit, fit.se**2, fit.sigma)
    low, high = _interval(fit, value)
    reason = "expected squared correlation between these scores and the true ones"
    if fit.n_components > 1:
        reason += (
            f"; the comparisons fall into {fit.n_components} unconnected parts, and the number "
            "counts the unknown distance between them as error"
        )
    return Reliability(value, low, high, True, reason)


def _none(reason: str) -> Reliability:
    return Reliability(None, None, None, False, reason)


def _reliability(fit: Fit, variances: FloatArray, sigma: float) -> float:
    free = ~fit.fixed
    count = int(free.sum())
    factor = 1.0 if fit.fixed.any() else count / (count - 1)
    return float(np.clip(1.0 - factor * variances[free].mean() / sigma**2, 0.0, 1.0))


def _interval(fit: Fit, value: float) -> tuple[float, float]:
    large = fit.n > DENSE_LIMIT or (fit.n > PROFILE_LIMIT and value >= WALD_FROM)
    if large or not fit.sigma_estimated:
        return _wald_interval(fit, value)
    seen: dict[float, Evidence] = {}

    def weighed(log_sigma: float) -> Evidence:
        if log_sigma not in seen:
            seen[log_sigma] = weigh(fit.model, float(np.exp(log_sigma)), fit.values)
        return seen[log_sigma]

    centre = float(np.log(fit.sigma))
    goal = weighed(centre).with_hyperprior - HALF_WIDTH
    step = float(1.2 * NORMAL_95 / (max(value, 0.3) * np.sqrt(2.0 * (fit.n - 1))))

    def edge(direction: float) -> float:
        reach = step
        while weighed(centre + direction * reach).with_hyperprior > goal and reach < 5.0:
            reach *= 1.6
        inner, outer = centre, centre + direction * reach
        if weighed(outer).with_hyperprior > goal:
            return outer
        # Here, since it takes a fifth of a second to load and few commands come this far.
        from scipy.optimize import brentq

        found = brentq(lambda s: weighed(s).with_hyperprior - goal, inner, outer, xtol=5e-3)
        return float(found)

    ends = []
    for direction in (-1.0, 1.0):
        mode = weigh(fit.model, float(np.exp(edge(direction))), fit.values).mode
        variances = posterior_spread(mode.curvature).variances
        ends.append(_reliability(fit, variances, mode.curvature.model.sigma))
    return min(ends[0], value), max(ends[1], value)


def _wald_interval(fit: Fit, value: float) -> tuple[float, float]:
    """Normal interval of log(r / (1 - r)), from the information about log sigma.

    With r_k = sigma^2 l_k / (1 + sigma^2 l_k), l_k the eigenvalues of the likelihood's curvature,
    reliability is the mean of r_k, the information about log sigma is 2 sum r_k^2, and reliability
    grows by 2 mean r_k (1 - r_k) for 1 of log sigma. The r_k are taken as equal where there is no
    covariance matrix to sum their squares from.
    """
    if not 0.0 < value < 1.0:
        return value, value
    free = ~fit.fixed
    count = int(free.sum())
    size = count if fit.fixed.any() else count - 1
    squares = size * value**2
    if fit.covariance is not None:
        shrunk = -fit.covariance[np.ix_(free, free)] / fit.sigma**2
        shrunk[np.diag_indices(count)] += 1.0
        # Centred scores leave the shared direction out; it would count 1 / n in every entry.
        squares = float((shrunk**2).sum()) - (count - size)
    growth = 2.0 * (value - squares / size) / (value * (1.0 - value))
    reach = NORMAL_95 * growth / np.sqrt(2.0 * squares)
    odds = np.log(value / (1.0 - value)) + np.array([-reach, reach])
    low, high = 1.0 / (1.0 + np.exp(-odds))
    return float(low), float(high)
