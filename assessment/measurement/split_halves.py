"""Split-half reliability: two halves of the decisions, scored apart and compared."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assessment.measurement.arrays import ArrayLike, BoolArray, FloatArray
from assessment.measurement.bradley_terry import fit

SEED = 23
REPEATS = 50


@dataclass(frozen=True)
class SplitHalf:
    """Median over repeats, with the middle 95 % of repeats.

    `correlation` is Pearson's between the two halves' scores, and `stepped_up` what it becomes for
    the whole by Spearman-Brown, 2 r / (1 + r). None when there was nothing to correlate. The range
    shows the luck of the split, not the uncertainty of the number.
    """

    correlation: float | None
    stepped_up: float | None
    low: float | None
    high: float | None
    repeats: int


def split_half(
    n: int,
    first: ArrayLike,
    second: ArrayLike,
    first_won: ArrayLike,
    *,
    sigma: float,
    judges: Sequence[str] | None = None,
    position_effect: bool = True,
    repeats: int = REPEATS,
    seed: int = SEED,
) -> SplitHalf:
    """Split m decisions into halves at random, `repeats` times, and score each under `sigma`.

    With `judges` (m,) whole judges go to one half or the other (Bisson et al., 2016), which also
    counts their differences as error. Items missing from either half are left out of that repeat.
    """
    one, other = np.asarray(first), np.asarray(second)
    outcome = np.asarray(first_won, dtype=np.float64)
    generator = np.random.default_rng(seed)
    labels = None if judges is None else np.unique(np.asarray(judges), return_inverse=True)[1]
    found = []
    for _ in range(repeats):
        half = _half(generator, one.size, labels)
        value = _correlation(n, one, other, outcome, half, sigma, position_effect)
        if value is not None:
            found.append(value)
    if not found:
        return SplitHalf(None, None, None, None, 0)
    correlations = np.array(found)
    stepped = 2 * correlations / (1 + np.maximum(correlations, -0.999))
    low, high = np.quantile(stepped, [0.025, 0.975])
    return SplitHalf(
        float(np.median(correlations)),
        float(np.median(stepped)),
        float(low),
        float(high),
        len(found),
    )


def _half(generator: np.random.Generator, m: int, labels: ArrayLike | None) -> BoolArray:
    if labels is None:
        return np.asarray(generator.permutation(m) < m // 2)
    member = np.asarray(labels)
    count = int(member.max(initial=-1)) + 1
    return np.asarray((generator.permutation(count) < count // 2)[member])


def _correlation(
    n: int,
    first: ArrayLike,
    second: ArrayLike,
    outcome: FloatArray,
    half: BoolArray,
    sigma: float,
    position_effect: bool,
) -> float | None:
    one, other = np.asarray(first), np.asarray(second)
    sides = []
    for mask in (half, ~half):
        side = fit(
            n,
            one[mask],
            other[mask],
            outcome[mask],
            sigma=sigma,
            position_effect=position_effect,
            compute_se=False,
        )
        sides.append(side)
    both = (sides[0].comparisons > 0) & (sides[1].comparisons > 0)
    if both.sum() < 3:
        return None
    pair = [side.scores[both] for side in sides]
    if min(float(np.ptp(scores)) for scores in pair) <= 1e-9:
        return None
    return float(np.corrcoef(pair[0], pair[1])[0, 1])
