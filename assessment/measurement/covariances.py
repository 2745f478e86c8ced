"""Posterior variances of centred scores: exact up to 2,000 items, sampled above.

Above the limit each variance is split exactly (law of total variance) into the part that stays
when all other scores are known, 1 / d_i, and the variance of the rest, which is estimated from
draws of the posterior (Papandreou & Yuille, 2010; Siden et al., 2018). The second part is small
where items met many others, so a few draws give standard errors within about 1 %.
"""

from dataclasses import dataclass

import numpy as np

from assessment.measurement.arrays import FloatArray
from assessment.measurement.determinants import PROBE_SEED, coupling
from assessment.measurement.models import MEAN_SD, Curvature
from assessment.measurement.solvers import (
    DENSE_LIMIT,
    conjugate_gradients,
    full_diagonal,
    inverse,
)

MIN_DRAWS, MAX_DRAWS = 8, 128


@dataclass(frozen=True, eq=False, repr=False)
class Spread:
    """Variances (n,) of the centred scores, variance of gamma, and the covariance if computed."""

    variances: FloatArray
    gamma_variance: float
    covariance: FloatArray | None


def posterior_spread(curvature: Curvature) -> Spread:
    """Variances of scores minus their mean; of the scores themselves when some are fixed."""
    model = curvature.model
    n = model.n
    if n > DENSE_LIMIT:
        gamma_variance = _gamma_variance(curvature) if model.position_effect else 0.0
        return Spread(_sampled_variances(curvature), gamma_variance, None)
    full = inverse(curvature)
    covariance = full[:n, :n] - curvature.shared_variance
    covariance[model.fixed] = 0.0
    covariance[:, model.fixed] = 0.0
    gamma_variance = float(full[n, n]) if model.position_effect else 0.0
    return Spread(np.maximum(np.diag(covariance), 0.0), gamma_variance, covariance)


def _gamma_variance(curvature: Curvature) -> float:
    unit = np.zeros(curvature.model.size)
    unit[curvature.model.n] = 1.0
    solved = conjugate_gradients(curvature.times, unit, full_diagonal(curvature), 1e-6)
    return float(solved[curvature.model.n])


def _sampled_variances(curvature: Curvature) -> FloatArray:
    model, n = curvature.model, curvature.model.n
    # Error of a variance is about coupling * sqrt(2 / draws); aim at 2 %, 1 % of the SE.
    wanted = np.ceil(2.0 * (coupling(curvature) / 0.02) ** 2)
    draws = int(np.clip(wanted, MIN_DRAWS, MAX_DRAWS))
    deviations = _posterior_draws(curvature, draws)
    if not model.anchored:
        deviations[:n] -= deviations[:n].mean(axis=0)
    diagonal = curvature.diagonal
    explained = diagonal[:, None] * deviations[:n] - curvature.times(deviations)[:n]
    variances = 1.0 / diagonal + (explained**2).mean(axis=1) / diagonal**2
    if not model.anchored:
        # What the shared direction adds to both parts, less its variance sigma^2 / n.
        variances -= (2.0 / diagonal - model.precision / diagonal**2) / n
    variances[model.fixed] = 0.0
    return np.asarray(variances, dtype=np.float64)


def _posterior_draws(curvature: Curvature, draws: int) -> FloatArray:
    """Deviations from the mode with covariance curvature^-1, shape (size, draws)."""
    model, pairs, n = curvature.model, curvature.model.comparisons, curvature.model.n
    generator = np.random.default_rng(PROBE_SEED)
    noise = np.zeros((model.size, draws))
    root = np.sqrt(curvature.information)
    for draw in range(draws):
        decisions = root * generator.standard_normal(root.size)
        noise[:n, draw] = pairs.sum_by_first(decisions) - pairs.sum_by_second(decisions)
        prior = np.sqrt(model.precision) * generator.standard_normal(n)
        prior[model.fixed] = 0.0
        noise[:n, draw] += prior
        if model.position_effect:
            extra = np.sqrt(model.position_precision) * generator.standard_normal()
            noise[n, draw] = decisions.sum() + extra
        if model.has_mean:
            noise[-1, draw] = generator.standard_normal() / MEAN_SD - prior.sum()
    noise[:n][model.fixed] = 0.0
    return conjugate_gradients(curvature.times, noise, full_diagonal(curvature), 1e-4)
