"""Linear solves: Cholesky for small systems, conjugate gradients for large ones."""

from collections.abc import Callable

import numpy as np
from scipy.linalg import cho_factor, cho_solve, lapack

from assessment.measurement.arrays import FloatArray
from assessment.measurement.models import Curvature

DENSE_STEP_LIMIT = 250
"""Largest number of items for which a Newton step is solved by Cholesky."""

DENSE_LIMIT = 2_000
"""Largest number of items for which a full matrix is factored at all."""

MAX_STEPS = 2_000


def conjugate_gradients(
    times: Callable[[FloatArray], FloatArray],
    right: FloatArray,
    diagonal: FloatArray,
    tolerance: float,
) -> FloatArray:
    """Solve for every column of `right`, (p,) or (p, k), with the diagonal as preconditioner.

    Stops when each column's residual has shrunk by `tolerance` (Hestenes & Stiefel, 1952).
    """
    scale = 1.0 / (diagonal if right.ndim == 1 else diagonal[:, None])
    solution = np.zeros_like(right)
    residual = right.copy()
    direction = scale * residual
    power = np.atleast_1d((residual * direction).sum(axis=0))
    goal = power * tolerance**2
    for _ in range(MAX_STEPS):
        if bool((power <= goal).all()):
            break
        product = times(direction)
        curvature = np.atleast_1d((direction * product).sum(axis=0))
        length = np.divide(power, curvature, out=np.zeros_like(power), where=curvature > 0)
        solution += length * direction
        residual -= length * product
        preconditioned = scale * residual
        new_power = np.atleast_1d((residual * preconditioned).sum(axis=0))
        ratio = np.divide(new_power, power, out=np.zeros_like(power), where=power > 0)
        direction = preconditioned + ratio * direction
        power = new_power
    return solution


def full_diagonal(curvature: Curvature) -> FloatArray:
    """Diagonal of the whole matrix, shape (size,)."""
    return np.concatenate([curvature.diagonal, np.diag(curvature.corner)])


def newton_step(curvature: Curvature, slope: FloatArray, tolerance: float) -> FloatArray:
    """Curvature^-1 times slope; scores of the step sum to zero unless some are fixed."""
    model = curvature.model
    if model.n <= DENSE_STEP_LIMIT:
        factor = cho_factor(curvature.dense(), lower=True, overwrite_a=True, check_finite=False)
        step: FloatArray = cho_solve(factor, slope, check_finite=False)
    else:
        step = conjugate_gradients(curvature.times, slope, full_diagonal(curvature), tolerance)
    if not model.anchored and model.n:
        step[: model.n] -= step[: model.n].mean()
    return step


def factor_log_determinant(curvature: Curvature) -> float:
    """Log determinant of the shifted matrix, by Cholesky."""
    matrix = curvature.dense()
    lower, info = lapack.dpotrf(matrix.T, lower=True, overwrite_a=True, clean=False)
    if info:
        raise ArithmeticError("the curvature of the likelihood is not positive definite")
    return 2.0 * float(np.log(np.diag(lower)).sum())


def inverse(curvature: Curvature) -> FloatArray:
    """Inverse of the shifted matrix, (size, size)."""
    matrix = curvature.dense()
    lower, info = lapack.dpotrf(matrix.T, lower=True, overwrite_a=True, clean=True)
    if info:
        raise ArithmeticError("the curvature of the likelihood is not positive definite")
    result, _ = lapack.dpotri(lower, lower=True, overwrite_c=True)
    result = np.tril(result)
    result += np.tril(result, -1).T
    return np.ascontiguousarray(result)
