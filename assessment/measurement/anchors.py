"""What the anchors say about each other: contradictions, and each graded by the rest."""

from dataclasses import dataclass

import numpy as np

from assessment.measurement.arrays import IntArray
from assessment.measurement.bradley_terry import Fit
from assessment.measurement.scales import Scale
from assessment.measurement.thresholds import find_thresholds


@dataclass(frozen=True)
class Inversion:
    """Two anchors in the wrong order: `better` has the higher grade and the lower score.

    `gap` is how far apart they are in logits and `z` that gap over its standard error; above 2
    the contradiction is more than chance.
    """

    better: int
    better_grade: str
    worse: int
    worse_grade: str
    gap: float
    z: float


@dataclass(frozen=True)
class AnchorCheck:
    """One anchor graded by all the others.

    `projected` is None where the others cannot tell: the anchor is the only one of the lowest or
    highest anchored grade, or they are of one grade. `steps` is projected minus known grade in
    steps of the scale, `probability` the chance given to the known grade.
    """

    item: int
    known: str
    projected: str | None
    steps: int | None
    probability: float | None


def find_inversions(
    fit: Fit, items: IntArray, levels: IntArray, scale: Scale
) -> tuple[Inversion, ...]:
    """Pairs of anchors whose scores contradict their grades, largest gap first.

    `items` (a,) are anchors, `levels` (a,) the positions of their grades on the scale.
    """
    scores = fit.scores[items]
    wrong = (levels[:, None] > levels) & (scores[:, None] < scores)
    found = []
    for high, low in zip(*np.nonzero(wrong), strict=True):
        better, worse = int(items[high]), int(items[low])
        gap = float(scores[low] - scores[high])
        error = _difference_error(fit, better, worse)
        found.append(
            Inversion(
                better,
                scale.labels[levels[high]],
                worse,
                scale.labels[levels[low]],
                gap,
                gap / error if error > 0 else float("inf"),
            )
        )
    found.sort(key=lambda inversion: (-inversion.gap, inversion.better, inversion.worse))
    return tuple(found)


def check_anchors(
    fit: Fit, items: IntArray, levels: IntArray, scale: Scale
) -> tuple[AnchorCheck, ...]:
    """Grade each anchor by thresholds from the other anchors (scores stay as they are)."""
    checks = []
    for place, item in enumerate(items):
        others = np.arange(items.size) != place
        known = int(levels[place])
        thresholds = find_thresholds(
            levels[others], fit.scores[items[others]], fit.se[items[others]] ** 2
        )
        if thresholds is None or not thresholds.lowest <= known <= thresholds.highest:
            checks.append(AnchorCheck(int(item), scale.labels[known], None, None, None))
            continue
        score = fit.scores[[item]]
        band = int(thresholds.band(score)[0])
        row = thresholds.probabilities(score, fit.se[[item]] ** 2)[0]
        checks.append(
            AnchorCheck(
                int(item),
                scale.labels[known],
                scale.labels[band],
                band - known,
                float(row[known - thresholds.lowest]),
            )
        )
    return tuple(checks)


def _difference_error(fit: Fit, one: int, other: int) -> float:
    """Standard error of a difference of scores; errors count as independent for large fits."""
    if fit.covariance is None:
        return float(np.hypot(fit.se[one], fit.se[other]))
    cov = fit.covariance
    return float(np.sqrt(max(cov[one, one] + cov[other, other] - 2 * cov[one, other], 0.0)))
