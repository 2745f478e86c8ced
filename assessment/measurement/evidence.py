"""The prior SD of the scores, estimated from the data by marginal likelihood.

Laplace's approximation (Tierney & Kadane, 1986) of the marginal likelihood of sigma is
log p(data, mode) + (log det prior precision - log det curvature) / 2. It is maximised together
with the hyperprior sigma * exp(-sigma^2 / (2 * HYPER_SCALE^2)), a Rayleigh density: it is 0 at
sigma = 0, so that scores never collapse to one value (Chung et al., 2013), and it keeps sigma
finite when judges never contradict each other.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize_scalar

from assessment.measurement.arrays import FloatArray
from assessment.measurement.determinants import log_determinant
from assessment.measurement.models import Model
from assessment.measurement.modes import Mode, find_mode

HYPER_SCALE = 2.0
"""Most probable sigma in logits before any data."""

SIGMA_ZERO = 1e-4
"""Stands for sigma = 0, where all scores are equal, in the likelihood ratio."""

LOG_BOUNDS = (np.log(1e-2), np.log(50.0))


@dataclass(frozen=True, eq=False, repr=False)
class Evidence:
    """Log marginal likelihood at one sigma, and the mode found on the way."""

    sigma: float
    value: float
    mode: Mode

    @property
    def with_hyperprior(self) -> float:
        return self.value + float(np.log(self.sigma)) - self.sigma**2 / (2 * HYPER_SCALE**2)


def weigh(model: Model, sigma: float, start: FloatArray) -> Evidence:
    """Laplace's approximation of the log marginal likelihood of `sigma`."""
    given = replace(model, sigma=sigma)
    mode = find_mode(given, start)
    value = given.log_density(mode.values) + 0.5 * (
        given.prior_log_determinant - log_determinant(mode.curvature)
    )
    return Evidence(sigma, value, mode)


def weigh_nothing(model: Model, start: FloatArray) -> Evidence:
    """The marginal likelihood when all free items have one score."""
    equal = model.initial(gamma=float(start[model.n]) if model.position_effect else 0.0)
    if model.has_mean:
        equal[-1] = start[-1]
        equal[: model.n][~model.fixed] = start[-1]
    return weigh(model, SIGMA_ZERO, equal)


def estimate(model: Model, start: FloatArray, guess: float) -> Evidence:
    """The sigma that maximises marginal likelihood times hyperprior, searched from `guess`."""
    seen: dict[float, Evidence] = {}
    latest = start

    def height(log_sigma: float) -> float:
        nonlocal latest
        if log_sigma not in seen:
            seen[log_sigma] = weigh(model, float(np.exp(log_sigma)), latest)
            latest = seen[log_sigma].mode.values
        return seen[log_sigma].with_hyperprior

    low, high = _bracket(height, float(np.log(guess)))
    tolerance = 1e-4 if model.n <= 200 else 1e-3
    best = minimize_scalar(
        lambda log_sigma: -height(float(log_sigma)),
        bounds=(low, high),
        method="bounded",
        options={"xatol": tolerance},
    )
    return seen[float(best.x)]


def _bracket(height: Callable[[float], float], guess: float) -> tuple[float, float]:
    """An interval around a maximum, found by walking uphill in growing steps."""
    lowest, highest = LOG_BOUNDS
    middle = float(np.clip(guess, lowest, highest))
    step = 0.35
    left, right = max(middle - step, lowest), min(middle + step, highest)
    while height(left) > height(middle) and left > lowest:
        step *= 1.6
        right, middle, left = middle, left, max(left - step, lowest)
    while height(right) > height(middle) and right < highest:
        step *= 1.6
        left, middle, right = middle, right, min(right + step, highest)
    return left, right
