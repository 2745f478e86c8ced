"""What one more comparison of two essays can be expected to teach."""

import numpy as np

from assessment.pairing.orientation import Pair
from assessment.pairing.states import FloatArray, IntArray

# Gauss-Hermite: 7 points hold the mean of p(1-p) within .003 for SDs up to 2 logits.
_POINTS, _WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


def expected_information(difference: FloatArray, variance: FloatArray) -> FloatArray:
    """Mean of p(1-p) over a normal difference of two scores: the Fisher information to expect.

    difference: (k,) means in logits. variance: (k,) of the differences, in squared logits.
    """
    spread = np.sqrt(variance)
    total = np.zeros_like(difference)
    for point, weight in zip(_POINTS.tolist(), _WEIGHTS.tolist(), strict=True):
        odds = np.exp(-np.abs(difference + point * spread))
        total += weight * odds / (1.0 + odds) ** 2
    return total


class Prospects:
    """The posterior of the scores, as far as choosing pairs needs it.

    scores: (n,) in logits. Either `covariance` (n, n) of the centred scores, or, where that is too
    large to keep, standard errors `se` (n,) alone; essays then count as independent of each other.

    The gain of a pair is the drop of the summed posterior variances to expect when it is judged
    (A-optimality: Chaloner & Verdinelli, 1995), by the rank-one update of Sherman and Morrison
    (1950): w |C(e_a - e_b)|^2 / (1 + w Var(a - b)), w the expected information.
    """

    def __init__(
        self,
        scores: FloatArray,
        *,
        covariance: FloatArray | None = None,
        se: FloatArray | None = None,
    ) -> None:
        self.scores = scores
        self._covariance = covariance
        self._squared = None if covariance is None else covariance @ covariance
        if covariance is not None:
            self._variances = np.diag(covariance).copy()
        elif se is not None:
            self._variances = np.square(se)
        else:
            raise ValueError("prospects need a covariance or standard errors")

    @property
    def resolution(self) -> float:
        """Share, 0 to 1, of the scores' total variance that is known: 0 while all are alike."""
        seen = float(np.var(self.scores))
        total = seen + float(np.mean(self._variances))
        return seen / total if total > 0.0 else 0.0

    def gains(self, a: IntArray, b: IntArray) -> FloatArray:
        """Expected drop (k,) of the trace, in squared logits, for each pair a[i], b[i]."""
        weight, variance = self._weigh(a, b)
        if self._squared is None:
            moved = self._variances[a] ** 2 + self._variances[b] ** 2
        else:
            own = np.diag(self._squared)
            moved = own[a] + own[b] - 2.0 * self._squared[a, b]
        return np.asarray(weight * moved / (1.0 + weight * variance))

    def foresee(self, pairs: list[Pair]) -> None:
        """Take the pairs as judged: scores stay, and the uncertainty shrinks as expected."""
        if not pairs:
            return
        a, b = np.array(pairs, dtype=np.int64).T
        weight, _ = self._weigh(a, b)
        if self._covariance is None:
            for ends in (a, b):
                self._variances[ends] /= 1.0 + weight * self._variances[ends]
            return
        across = self._covariance[:, a] - self._covariance[:, b]
        inner = across[a] - across[b]
        inner[np.diag_indices(len(a))] += 1.0 / weight
        self._covariance = self._covariance - across @ np.linalg.solve(inner, across.T)
        self._squared = self._covariance @ self._covariance
        self._variances = np.diag(self._covariance).copy()

    def _weigh(self, a: IntArray, b: IntArray) -> tuple[FloatArray, FloatArray]:
        """Expected information and variance (k,) of each difference."""
        variance = self._variances[a] + self._variances[b]
        if self._covariance is not None:
            variance = variance - 2.0 * self._covariance[a, b]
        variance = np.maximum(variance, 0.0)
        return expected_information(self.scores[a] - self.scores[b], variance), variance
