"""Grades for scored items, from anchors of known grade."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from assessment.measurement.anchors import AnchorCheck, Inversion, check_anchors, find_inversions
from assessment.measurement.arrays import BoolArray, FloatArray, IntArray
from assessment.measurement.bradley_terry import Fit
from assessment.measurement.scales import Scale
from assessment.measurement.thresholds import Thresholds, find_thresholds

Beyond = Literal["below_lowest", "above_highest"]
Confidence = Literal["HIGH", "MID", "LOW"]

TOO_FEW_GRADES = "needs anchors of at least two different grades"
UNCONNECTED = "no two anchors of different grades are connected by comparisons"

HIGH_FROM = 0.75
MID_FROM = 0.5


@dataclass(frozen=True)
class Boundary:
    """Where `lower` ends and `upper` begins, in logits, and how sure that is."""

    lower: str
    upper: str
    logit: float
    se: float


@dataclass(frozen=True, eq=False)
class GradeProjection:
    """Grades of n items on a scale of k labels; lists have one entry an item.

    grades         the label whose band holds the score; None where there is no projection.
                   Anchors get the grade their score points to: publish their known grade
    probabilities  (n, k), the known ones of a row sum to 1; nan where there is no projection, and
                   for grades below or above all that anchors hold: nothing tells them from the
                   outermost anchored grade, whose chance is that of "this or lower" / "or higher"
    thresholds     (k - 1,) logits; entry g parts label g from g + 1; nan outside the anchored range
    threshold_ses  (k - 1,) their standard errors
    beyond         "below_lowest" / "above_highest": the score lies outside all anchors' scores, so
                   the grade means "this or lower" / "this or higher"; else None
    confidence     HIGH from .75 for the grade, MID from .5, else LOW; LOW too where the score is
                   beyond the anchors and the scale goes on; None without a grade
    inversions     pairs of anchors whose scores contradict their grades, largest gap first
    anchor_checks  each anchor graded by the others
    reason         why items have no grade, None when all have one
    """

    scale: Scale
    grades: tuple[str | None, ...]
    probabilities: FloatArray = field(repr=False)
    thresholds: FloatArray
    threshold_ses: FloatArray
    beyond: tuple[Beyond | None, ...] = field(repr=False)
    confidence: tuple[Confidence | None, ...] = field(repr=False)
    inversions: tuple[Inversion, ...]
    anchor_checks: tuple[AnchorCheck, ...] = field(repr=False)
    within_grade_sd: float | None
    reason: str | None

    @property
    def projected(self) -> bool:
        """Whether any item has a grade."""
        return any(grade is not None for grade in self.grades)

    @property
    def boundaries(self) -> tuple[Boundary, ...]:
        """The known boundaries, lowest first."""
        labels = self.scale.labels
        return tuple(
            Boundary(labels[g], labels[g + 1], float(self.thresholds[g]), float(se))
            for g, se in enumerate(self.threshold_ses)
            if np.isfinite(self.thresholds[g])
        )


def project_grades(fit: Fit, anchors: Mapping[int, str], scale: Scale) -> GradeProjection:
    """Project grades from `anchors` (item -> label of `scale`) onto all items of `fit`.

    There is no projection (all grades None, and a reason) with fewer than two distinct anchor
    grades in one connected part of the comparisons, or when anchor scores do not rise with their
    grades. Items in other parts get None too. Raises ValueError for an unknown item or label, or
    a fit without standard errors.
    """
    items = np.array(sorted(anchors), dtype=np.intp)
    if items.size and not (0 <= items[0] and items[-1] < fit.n):
        raise ValueError(f"anchors name an item outside 0..{fit.n - 1}")
    levels = np.array([scale.index(anchors[int(item)]) for item in items], dtype=np.intp)
    if not bool(np.isfinite(fit.se).all()):
        raise ValueError("grades need a fit with standard errors")

    part = anchored_part(fit, items, levels)
    if part is None:
        reason = UNCONNECTED if np.unique(levels).size >= 2 else TOO_FEW_GRADES
        return _no_projection(fit, scale, reason)
    inside = fit.component[items] == part
    items, levels = items[inside], levels[inside]
    inversions = find_inversions(fit, items, levels, scale)
    thresholds = find_thresholds(levels, fit.scores[items], fit.se[items] ** 2)
    if thresholds is None:
        reason = "the anchors' scores do not rise with their grades"
        return _no_projection(fit, scale, reason, inversions)
    checks = check_anchors(fit, items, levels, scale)
    return _project(fit, scale, items, fit.component == part, thresholds, inversions, checks)


def anchored_part(fit: Fit, items: IntArray, levels: IntArray) -> int | None:
    """The connected part with the most anchors, of at least two grades; None without one.

    `items` (a,) are anchors, `levels` (a,) the positions of their grades on the scale.
    """
    best: tuple[int, int] | None = None
    for part in np.unique(fit.component[items]):
        inside = fit.component[items] == part
        if np.unique(levels[inside]).size >= 2 and (best is None or inside.sum() > best[0]):
            best = int(inside.sum()), int(part)
    return None if best is None else best[1]


def _project(
    fit: Fit,
    scale: Scale,
    items: IntArray,
    inside: BoolArray,
    thresholds: Thresholds,
    inversions: tuple[Inversion, ...],
    checks: tuple[AnchorCheck, ...],
) -> GradeProjection:
    low, high = thresholds.lowest, thresholds.highest
    probabilities = np.full((fit.n, len(scale)), np.nan)
    probabilities[inside, low : high + 1] = thresholds.probabilities(
        fit.scores[inside], fit.se[inside] ** 2
    )

    bands = thresholds.band(fit.scores)
    lowest, highest = fit.scores[items].min(), fit.scores[items].max()
    grades: list[str | None] = []
    beyond: list[Beyond | None] = []
    confidence: list[Confidence | None] = []
    for item in range(fit.n):
        if not inside[item]:
            grades.append(None)
            beyond.append(None)
            confidence.append(None)
            continue
        score = fit.scores[item]
        side: Beyond | None = None
        if score < lowest:
            side = "below_lowest"
        elif score > highest:
            side = "above_highest"
        goes_on = (side == "below_lowest" and low > 0) or (
            side == "above_highest" and high < len(scale) - 1
        )
        chance = float(probabilities[item, bands[item]])
        grades.append(scale.labels[bands[item]])
        beyond.append(side)
        confidence.append("LOW" if goes_on else _confidence(chance))
    positions, ses = np.full(len(scale) - 1, np.nan), np.full(len(scale) - 1, np.nan)
    positions[low:high], ses[low:high] = thresholds.positions, np.sqrt(thresholds.variances)
    reason = None
    if not bool(inside.all()):
        reason = "some items were never compared, however indirectly, with the anchors"
    return GradeProjection(
        scale=scale,
        grades=tuple(grades),
        probabilities=probabilities,
        thresholds=positions,
        threshold_ses=ses,
        beyond=tuple(beyond),
        confidence=tuple(confidence),
        inversions=inversions,
        anchor_checks=checks,
        within_grade_sd=float(np.sqrt(thresholds.within_variance)),
        reason=reason,
    )


def _confidence(chance: float) -> Confidence:
    if chance >= HIGH_FROM:
        return "HIGH"
    return "MID" if chance >= MID_FROM else "LOW"


def _no_projection(
    fit: Fit, scale: Scale, reason: str, inversions: tuple[Inversion, ...] = ()
) -> GradeProjection:
    unknown = np.full(len(scale) - 1, np.nan)
    nothing = (None,) * fit.n
    return GradeProjection(
        scale=scale,
        grades=nothing,
        probabilities=np.full((fit.n, len(scale)), np.nan),
        thresholds=unknown,
        threshold_ses=unknown.copy(),
        beyond=nothing,
        confidence=nothing,
        inversions=inversions,
        anchor_checks=(),
        within_grade_sd=None,
        reason=reason,
    )
