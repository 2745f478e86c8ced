"""The model behind every fit: its likelihood, priors, slope and curvature.

logit P(first wins) = theta_first - theta_second + gamma (Bradley & Terry, 1952; the position
effect gamma is the order effect of Davidson & Beaver, 1977), with theta ~ N(mu, sigma^2) and
gamma ~ N(0, POSITION_SD^2). mu is 0 unless some scores are fixed; then it is estimated too.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.special import expit

from assessment.measurement.arrays import BoolArray, FloatArray, SparseMatrix
from assessment.measurement.comparisons import Comparisons

POSITION_SD = 0.5
"""Prior SD of gamma in logits. Weak: it weighs as much as some 16 even decisions."""

MEAN_SD = 10.0
"""Prior SD, in logits, of the free items' mean around the mean of the fixed items."""


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """Decisions, priors, and which scores are held fixed.

    `sigma` is the prior SD of the scores, inf for none. `fixed` (n,) marks the items whose score
    is known; `known` (n,) holds these scores, 0 elsewhere.
    """

    comparisons: Comparisons
    fixed: BoolArray
    known: FloatArray
    sigma: float
    position_effect: bool

    @cached_property
    def n(self) -> int:
        return self.comparisons.n

    @cached_property
    def precision(self) -> float:
        """1 / sigma^2; 0 without a prior."""
        return 0.0 if np.isinf(self.sigma) else self.sigma**-2.0

    @property
    def position_precision(self) -> float:
        return POSITION_SD**-2.0 if self.precision > 0 else 0.0

    @cached_property
    def anchored(self) -> bool:
        """Whether fixed scores set the zero of the scale."""
        return bool(self.fixed.any())

    @cached_property
    def has_mean(self) -> bool:
        return self.anchored and self.precision > 0 and not bool(self.fixed.all())

    @cached_property
    def size(self) -> int:
        """Length of the parameter vector: n scores, then gamma, then mu, if present."""
        return self.n + int(self.position_effect) + int(self.has_mean)

    @cached_property
    def centre(self) -> float:
        """Mean of the fixed scores, where mu's prior is centred."""
        return float(self.known[self.fixed].mean()) if self.anchored else 0.0

    @property
    def prior_log_determinant(self) -> float:
        """Log determinant of the prior precision of all free parameters."""
        total = float((~self.fixed).sum()) * np.log(self.precision)
        if self.position_effect:
            total += np.log(self.position_precision)
        if self.has_mean:
            total -= 2 * np.log(MEAN_SD)
        return float(total)

    def initial(self, scores: FloatArray | None = None, gamma: float = 0.0) -> FloatArray:
        """A parameter vector to start from, of length `size`."""
        values = np.zeros(self.size)
        if scores is not None:
            values[: self.n] = scores
        if not self.anchored and self.n:
            values[: self.n] -= values[: self.n].mean()
        values[: self.n][self.fixed] = self.known[self.fixed]
        if self.position_effect:
            values[self.n] = gamma
        if self.has_mean:
            values[-1] = self.centre
        return values

    def log_odds(self, values: FloatArray) -> FloatArray:
        """Log odds that the first item wins, one per ordered pair."""
        pairs = self.comparisons
        odds = values[pairs.first] - values[pairs.second]
        return odds + values[self.n] if self.position_effect else odds

    def log_density(self, values: FloatArray) -> float:
        """Log likelihood plus the exponents of the priors."""
        odds, pairs = self.log_odds(values), self.comparisons
        total = float(pairs.won @ odds - pairs.count @ np.logaddexp(0.0, odds))
        mean = values[-1] if self.has_mean else 0.0
        if self.precision:
            distance = values[: self.n][~self.fixed] - mean
            total -= 0.5 * self.precision * float(distance @ distance)
        if self.position_effect:
            total -= 0.5 * self.position_precision * float(values[self.n] ** 2)
        if self.has_mean:
            total -= 0.5 * float((mean - self.centre) ** 2) / MEAN_SD**2
        return total

    def derivatives(self, values: FloatArray) -> tuple[FloatArray, "Curvature"]:
        """Slope of the log density, shape (size,), and its negative Hessian."""
        pairs, n = self.comparisons, self.n
        chance = expit(self.log_odds(values))
        expected = pairs.count * chance
        residual = pairs.won - expected
        information = expected * (1.0 - chance)
        slope = np.zeros(self.size)
        slope[:n] = pairs.sum_by_first(residual) - pairs.sum_by_second(residual)
        as_first = pairs.sum_by_first(information)
        as_second = pairs.sum_by_second(information)
        free = ~self.fixed
        diagonal = as_first + as_second + self.precision
        border = np.zeros((n, self.size - n))
        corner = np.zeros((self.size - n, self.size - n))
        mean = values[-1] if self.has_mean else 0.0
        slope[:n] -= self.precision * (values[:n] - mean)
        if self.position_effect:
            slope[n] = residual.sum() - self.position_precision * values[n]
            border[:, 0] = as_first - as_second
            # Without decisions and without a prior gamma is left at 0.
            corner[0, 0] = float(information.sum()) + self.position_precision or 1.0
        if self.has_mean:
            slope[-1] = (
                self.precision * float((values[:n][free] - mean).sum())
                - (mean - self.centre) / MEAN_SD**2
            )
            border[:, -1] = -self.precision
            corner[-1, -1] = self.precision * float(free.sum()) + MEAN_SD**-2.0
        slope[:n][self.fixed] = 0.0
        border[self.fixed] = 0.0
        diagonal[self.fixed] = 1.0
        return slope, Curvature(self, information, diagonal, border, corner)


@dataclass(frozen=True, eq=False, repr=False)
class Curvature:
    """Negative Hessian of the log density: [[D - W, border], [border', corner]].

    `information` holds count * p * (1 - p) per ordered pair; rows of fixed items are those of the
    identity, so that they drop out of solutions and determinants.
    """

    model: Model
    information: FloatArray
    diagonal: FloatArray
    border: FloatArray
    corner: FloatArray

    @cached_property
    def shift(self) -> float:
        """Added to every entry of the score block, to lift the direction that all scores share.

        Nothing is observed about that direction, and the slope has no part in it, so solutions
        stay as they are; 0 when fixed scores already settle it.
        """
        if self.model.anchored or self.model.n == 0:
            return 0.0
        return (float(self.diagonal.mean()) or 1.0) / self.model.n

    @property
    def shared_variance(self) -> float:
        """Variance that each entry of the shifted inverse has from the shared direction."""
        if self.shift == 0.0:
            return 0.0
        return 1.0 / (self.model.n * (self.model.precision + self.shift * self.model.n))

    @cached_property
    def between_free(self) -> FloatArray:
        """Information of each ordered pair, 0 where a fixed item takes part."""
        if not self.model.anchored:
            return self.information
        pairs, free = self.model.comparisons, ~self.model.fixed
        return np.where(free[pairs.first] & free[pairs.second], self.information, 0.0)

    @cached_property
    def links(self) -> SparseMatrix:
        """`between_free` as a matrix (n, n): W is this plus its transpose."""
        n, (columns, starts) = self.model.n, self.model.comparisons.layout
        return csr_array((self.between_free, columns, starts), shape=(n, n))

    @cached_property
    def _links_by_second(self) -> SparseMatrix:
        return self.links.T

    def neighbours(self, vectors: FloatArray) -> FloatArray:
        """W times `vectors`, shape (n,) or (n, k)."""
        product: FloatArray = self.links @ vectors + self._links_by_second @ vectors
        return product

    def times(self, vectors: FloatArray) -> FloatArray:
        """The matrix, without the shift, times `vectors` of shape (size,) or (size, k)."""
        n = self.model.n
        scores, rest = vectors[:n], vectors[n:]
        diagonal = self.diagonal if vectors.ndim == 1 else self.diagonal[:, None]
        upper = diagonal * scores - self.neighbours(scores)
        if not rest.shape[0]:
            return upper
        upper = upper + self.border @ rest
        return np.concatenate([upper, self.border.T @ scores + self.corner @ rest])

    def dense(self) -> FloatArray:
        """The whole matrix with the shift, (size, size)."""
        model, n = self.model, self.model.n
        matrix = np.zeros((model.size, model.size))
        matrix[model.comparisons.first, model.comparisons.second] = -self.between_free
        matrix[:n, :n] += matrix[:n, :n].T.copy()
        matrix[np.arange(n), np.arange(n)] += self.diagonal
        if self.shift:
            matrix[:n, :n] += self.shift
        matrix[:n, n:] = self.border
        matrix[n:, :n] = self.border.T
        matrix[n:, n:] = self.corner
        return matrix
