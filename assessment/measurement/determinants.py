"""Log determinants of the curvature: exact up to 2,000 items, stochastic above.

Large systems use stochastic Lanczos quadrature (Ubaru, Chen & Saad, 2017) on the curvature scaled
to unit diagonal, I - N. The first two terms of log(I - N) = -N - N^2/2 - ... have exact traces, so
only the rest is sampled. The probes are the same in every call: results are deterministic, and
differences between two sigmas are smooth.
"""

from collections.abc import Callable

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.sparse import csr_array

from assessment.measurement.arrays import FloatArray
from assessment.measurement.models import Curvature
from assessment.measurement.solvers import (
    DENSE_LIMIT,
    conjugate_gradients,
    factor_log_determinant,
)

PROBE_SEED = 20_240_229
LANCZOS_STEPS = 30
QUADRATURE_ERROR = 1e-10
MIN_PROBES, MAX_PROBES = 4, 64


def log_determinant(curvature: Curvature) -> float:
    """Log determinant of the curvature without the shift; needs a prior or fixed scores."""
    model = curvature.model
    if model.n <= DENSE_LIMIT:
        total = factor_log_determinant(curvature)
    else:
        total = _sampled_log_determinant(curvature)
    if curvature.shift:
        total -= float(np.log1p(curvature.shift * model.n / model.precision))
    return total


def coupling(curvature: Curvature) -> float:
    """Mean over items of sum_j W_ij^2 / (d_i d_j): how far the matrix is from its diagonal."""
    return _sum_of_squares(curvature) / max(curvature.model.n, 1)


def probe_count(curvature: Curvature) -> int:
    """Few probes when each item met many others, more when the graph is thin."""
    return int(np.clip(np.ceil(5_000 * coupling(curvature) ** 2), MIN_PROBES, MAX_PROBES))


def _scaled_information(curvature: Curvature) -> FloatArray:
    root, pairs = curvature.diagonal**-0.5, curvature.model.comparisons
    scaled: FloatArray = curvature.between_free * root[pairs.first] * root[pairs.second]
    return scaled


def _sum_of_squares(curvature: Curvature) -> float:
    """Sum of the squared entries of N; a pair shown in both orders has one entry for both."""
    scaled = _scaled_information(curvature)
    one, other = curvature.model.comparisons.mirrored
    return 2.0 * float(scaled @ scaled) + 4.0 * float(scaled[one] @ scaled[other])


def _sampled_log_determinant(curvature: Curvature) -> float:
    n = curvature.model.n
    columns, starts = curvature.model.comparisons.layout
    scaled = csr_array((_scaled_information(curvature), columns, starts), shape=(n, n))
    scaled_by_second = scaled.T
    root = curvature.diagonal**-0.5
    shift = curvature.shift

    def remainder(vectors: FloatArray) -> FloatArray:
        """N times vectors, where I - N is the shifted score block scaled to unit diagonal."""
        product: FloatArray = scaled @ vectors + scaled_by_second @ vectors
        if shift:
            product -= shift * root[:, None] * (root @ vectors)
        return product

    power = float((root**2).sum())
    trace = -shift * power
    square = _sum_of_squares(curvature)
    if shift:
        met = scaled @ root + scaled_by_second @ root
        square += shift**2 * power**2 - 2.0 * shift * float(root @ met)

    generator = np.random.default_rng(PROBE_SEED)
    probes = generator.integers(0, 2, (n, probe_count(curvature))) * 2.0 - 1.0
    sampled = n * float(np.mean(_quadrature(remainder, probes / np.sqrt(n))))
    total = float(np.log(curvature.diagonal).sum()) - trace - 0.5 * square + sampled
    if curvature.corner.size:
        solved = conjugate_gradients(
            lambda x: curvature.diagonal[:, None] * x - curvature.neighbours(x),
            curvature.border,
            curvature.diagonal,
            1e-8,
        )
        total += float(np.linalg.slogdet(curvature.corner - curvature.border.T @ solved)[1])
    return total


def _quadrature(remainder: Callable[[FloatArray], FloatArray], probes: FloatArray) -> FloatArray:
    """z' f(N) z with f(x) = log(1 - x) + x + x^2 / 2, for each unit column z of `probes`."""
    count = probes.shape[1]
    alphas, betas = [], []
    previous, current = np.zeros_like(probes), probes
    beta = np.zeros(count)
    for _ in range(LANCZOS_STEPS):
        following = remainder(current) - beta * previous
        alpha = (following * current).sum(axis=0)
        following -= alpha * current
        beta = np.linalg.norm(following, axis=0)
        alphas.append(alpha)
        betas.append(beta)
        # Half the width of the spectrum is 2 beta; k steps err by its 2k-th power.
        if float((2.0 * beta.max()) ** (2 * len(betas))) < QUADRATURE_ERROR:
            break
        previous, current = current, following / np.maximum(beta, 1e-300)
    results = np.empty(count)
    for column in range(count):
        diagonal = np.array([alpha[column] for alpha in alphas])
        off = np.array([beta[column] for beta in betas[:-1]])
        # A column that found its whole space early is cut there.
        stop = int(np.argmax(off < 1e-10)) if bool((off < 1e-10).any()) else off.size
        nodes, vectors = eigh_tridiagonal(diagonal[: stop + 1], off[:stop])
        nodes = np.minimum(nodes, 1.0 - 1e-12)
        results[column] = float((vectors[0] ** 2) @ (np.log1p(-nodes) + nodes + 0.5 * nodes**2))
    return results
