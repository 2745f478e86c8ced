"""The most probable scores under given priors, by Newton's method."""

from dataclasses import dataclass

import numpy as np

from assessment.measurement.arrays import FloatArray
from assessment.measurement.models import Curvature, Model
from assessment.measurement.solvers import newton_step

STEP_TOLERANCE = 1e-8
MAX_ITERATIONS = 200
MAX_HALVINGS = 40


@dataclass(frozen=True, eq=False, repr=False)
class Mode:
    """Where the posterior is highest: parameter vector (size,) and curvature there."""

    values: FloatArray
    curvature: Curvature
    iterations: int
    converged: bool


def find_mode(model: Model, start: FloatArray) -> Mode:
    """Climb from `start` until the next step would move no score by more than 1e-8 logit.

    The log density is concave, so a step is long enough to be halved exactly when the slope along
    it has turned round; no value of the density is needed.
    """
    values = start
    slope, curvature = model.derivatives(values)
    first_size = float(np.abs(slope).max(initial=0.0))
    for iteration in range(MAX_ITERATIONS):
        size = float(np.abs(slope).max(initial=0.0))
        if size == 0.0:
            return Mode(values, curvature, iteration, True)
        # Solve loosely while far away: the error of a step need only shrink as fast as the slope.
        tolerance = min(1e-3, max(size / first_size, 1e-9))
        step = newton_step(curvature, slope, tolerance)
        rise = float(slope @ step)
        longest = float(np.abs(step).max())
        # What remains after a full step is about its square (Newton) or the error of its solution.
        small = longest * max(longest, tolerance) <= STEP_TOLERANCE
        length = 1.0
        for _ in range(MAX_HALVINGS):
            trial = values + length * step
            slope, curvature = model.derivatives(trial)
            if small or float(slope @ step) >= -0.9 * rise:
                break
            length *= 0.5
        values = trial
        if small:
            return Mode(values, curvature, iteration + 1, True)
    return Mode(values, curvature, MAX_ITERATIONS, False)
