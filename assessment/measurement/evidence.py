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

from assessment.measurement.arrays import FloatArray
from assessment.measurement.determinants import log_determinant
from assessment.measurement.models import Model
from assessment.measurement.modes import Mode, find_mode

HYPER_SCALE = 2.0
"""Most probable sigma in logits before any data."""

SIGMA_ZERO = 1e-4
"""Stands for sigma = 0, where all scores are equal, in the likelihood ratio."""

SMALL = 200
MAX_PARABOLAS = 40

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
    """The sigma that maximises marginal likelihood times hyperprior, searched from `guess`.

    Found to 1/50 of its own standard error, which is about 1 / sqrt(2 (n - 1)) in log sigma.
    """
    seen: dict[float, Evidence] = {}
    latest = start

    def height(log_sigma: float) -> float:
        nonlocal latest
        if log_sigma not in seen:
            seen[log_sigma] = weigh(model, float(np.exp(log_sigma)), latest)
            latest = seen[log_sigma].mode.values
        return seen[log_sigma].with_hyperprior

    error = 1.0 / np.sqrt(2.0 * max(model.n - 1, 2))
    middle = float(np.log(guess))
    if model.n > SMALL:
        # A better guess is cheap: what the scores and their rough variances add up to.
        mode = find_mode(replace(model, sigma=guess), start)
        latest = mode.values
        middle = _moment_guess(mode)
    low, middle, high = _bracket(height, middle, min(0.35, 4.0 * error))
    return seen[_climb(height, low, middle, high, min(1e-3, error / 50.0))]


def _moment_guess(mode: Mode) -> float:
    """log sigma after one step of MacKay's (1992) rule, with 1 / d_i for the variances."""
    model, free = mode.curvature.model, ~mode.curvature.model.fixed
    scores = mode.values[: model.n][free]
    total = float(
        ((scores - scores.mean()) ** 2).sum() + (1.0 / mode.curvature.diagonal[free]).sum()
    )
    return 0.5 * float(np.log(total / max(scores.size - 1, 1)))


def _bracket(
    height: Callable[[float], float], guess: float, step: float
) -> tuple[float, float, float]:
    """Points around a maximum, found by walking uphill in growing steps."""
    lowest, highest = LOG_BOUNDS
    middle = float(np.clip(guess, lowest, highest))
    left, right = max(middle - step, lowest), min(middle + step, highest)
    while height(left) > height(middle) and left > lowest:
        step *= 1.6
        right, middle, left = middle, left, max(left - step, lowest)
    while height(right) > height(middle) and right < highest:
        step *= 1.6
        left, middle, right = middle, right, min(right + step, highest)
    return left, middle, right


def _climb(
    height: Callable[[float], float], left: float, middle: float, right: float, tolerance: float
) -> float:
    """The top of a hill between `left` and `right`, by parabolas through three points."""
    for _ in range(MAX_PARABOLAS):
        if right - left <= tolerance:
            break
        top = _vertex((left, height(left)), (middle, height(middle)), (right, height(right)))
        if abs(top - middle) <= tolerance:
            break
        if height(top) > height(middle):
            left, middle, right = (left, top, middle) if top < middle else (middle, top, right)
        else:
            left, right = (top, right) if top < middle else (left, top)
    return middle


def _vertex(
    left: tuple[float, float], middle: tuple[float, float], right: tuple[float, float]
) -> float:
    """Where the parabola through three points turns, kept off the ends of the interval."""
    before, after = middle[0] - left[0], right[0] - middle[0]
    rise, fall = (middle[1] - left[1]) * after, (middle[1] - right[1]) * before
    if before <= 0 or after <= 0:
        return (left[0] + right[0]) / 2
    if rise + fall <= 0:
        return middle[0]
    top = middle[0] + 0.5 * (rise * after - fall * before) / (rise + fall)
    margin = 0.05 * (right[0] - left[0])
    return float(np.clip(top, left[0] + margin, right[0] - margin))
