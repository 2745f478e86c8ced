"""Grades as other anchors and other decisions might have given them, to see how sure shares are.

All students are graded by the same boundaries, so an error of these shifts many grades at once. A
bootstrap over students alone cannot see it.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from assessment.measurement.arrays import FloatArray, IntArray
from assessment.measurement.bootstraps import REPLICATES, SEED
from assessment.measurement.bradley_terry import Fit
from assessment.measurement.grades import anchored_part
from assessment.measurement.scales import Scale
from assessment.measurement.thresholds import STEP_DOUBT, Thresholds, find_thresholds

NO_GRADE = -1


def regrade(
    fit: Fit,
    anchors: Mapping[int, str],
    scale: Scale,
    items: Sequence[int],
    *,
    seed: int = SEED,
    replicates: int = REPLICATES,
) -> IntArray:
    """Positions on the scale of the grades of `items` (m,), drawn anew, shape (replicates, m).

    In each draw the anchors stand elsewhere: their scores, counted from the mean of those `items`
    that can be graded, vary as the fit's covariance says, and around the centre of their grade as
    `within_variance` says. Boundaries are then found from them as at first, and the items graded
    where they stand. Their own errors are not drawn: a bootstrap over the items has these in it
    already. `NO_GRADE` where an item or a draw has none.
    """
    wanted = np.asarray(items, dtype=np.intp)
    positions = np.full((replicates, wanted.size), NO_GRADE, dtype=np.intp)
    places = np.array(sorted(anchors), dtype=np.intp)
    levels = np.array([scale.index(anchors[int(item)]) for item in places], dtype=np.intp)
    part = anchored_part(fit, places, levels)
    if part is None:
        return positions
    inside = fit.component[places] == part
    places, levels = places[inside], levels[inside]
    scores, variances = fit.scores[places], fit.se[places] ** 2
    found = find_thresholds(levels, scores, variances)
    graded = fit.component[wanted] == part
    if found is None or not graded.any():
        return positions

    generator = np.random.default_rng(seed)
    spread = _covariance(fit, places, wanted[graded])
    spread[np.diag_indices(places.size)] += found.within_variance
    moved = scores + generator.standard_normal((replicates, places.size)) @ _root(spread).T
    doubts = generator.standard_normal((replicates, found.centres.size - 1))
    standing = fit.scores[wanted[graded]]
    for draw in range(replicates):
        thresholds = find_thresholds(levels, moved[draw], variances)
        if thresholds is not None:
            boundaries = _boundaries(thresholds, np.unique(levels), doubts[draw])
            bands = np.searchsorted(boundaries, standing, side="right")
            positions[draw, graded] = thresholds.lowest + bands
    return positions


def _covariance(fit: Fit, anchors: IntArray, items: IntArray) -> FloatArray:
    """Of the anchors' scores minus the mean of the items' scores, shape (a, a).

    Without the fit's covariance (very large fits) errors count as independent, and the mean of so
    many items as exact.
    """
    if fit.covariance is None:
        return np.diag(fit.se[anchors] ** 2)
    whole = fit.covariance
    shared = whole[np.ix_(anchors, items)].mean(axis=1)
    mean_variance = float(whole[np.ix_(items, items)].mean())
    result: FloatArray = whole[np.ix_(anchors, anchors)] - shared[:, None] - shared + mean_variance
    return result


def _root(covariance: FloatArray) -> FloatArray:
    """A matrix whose product with its transpose is `covariance`, up to rounding."""
    slack = 1e-9 * max(float(np.trace(covariance)) / len(covariance), 1e-12)
    spread = covariance + slack * np.eye(len(covariance))
    root: FloatArray = np.asarray(np.linalg.cholesky(spread), dtype=np.float64)
    return root


def _boundaries(thresholds: Thresholds, anchored: IntArray, doubts: FloatArray) -> FloatArray:
    """Boundaries (k - 1,), with uneven steps between grades where no anchor shows them.

    `anchored` are the levels with anchors, `doubts` (k - 1,) standard normal numbers, one a step.
    The steps between two anchored grades keep their sum.
    """
    centres = thresholds.centres.copy()
    ends = anchored - thresholds.lowest
    for below, above in zip(ends[:-1], ends[1:], strict=True):
        if above - below > 1:
            steps = np.maximum(1.0 + STEP_DOUBT * doubts[below:above], 0.0)
            share = np.cumsum(steps) / max(steps.sum(), 1e-12)
            width = centres[above] - centres[below]
            centres[below + 1 : above] = centres[below] + width * share[:-1]
    middles: FloatArray = (centres[1:] + centres[:-1]) / 2
    return middles
