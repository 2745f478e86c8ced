"""Essays that a person should look at."""

from dataclasses import dataclass

import numpy as np

from assessment.measurement.bradley_terry import Fit
from assessment.measurement.grades import GradeProjection
from assessment.measurement.residuals import Misfit

MISFIT_SDS = 2.0
FEW_SHARE = 0.5
CLOSE_CALL = 0.5


@dataclass(frozen=True)
class Review:
    """An item and why to look at it; reasons: "misfit", "near_boundary", "few_comparisons",
    "beyond_anchors", "not_connected". `priority` counts them."""

    item: int
    reasons: tuple[str, ...]

    @property
    def priority(self) -> int:
        return len(self.reasons)


def essays_to_review(
    fit: Fit, misfit: Misfit | None = None, projection: GradeProjection | None = None
) -> tuple[Review, ...]:
    """Items to look at, those with most reasons first.

    misfit           infit more than 2 SDs above the mean of all items (Pollitt, 2012)
    near_boundary    its grade is not more likely than all others together
    few_comparisons  fewer than half of the median number of comparisons, or none
    beyond_anchors   score outside the anchors' scores
    not_connected    not in the largest connected part of the comparisons
    """
    reasons: list[list[str]] = [[] for _ in range(fit.n)]

    def note(items: np.ndarray, reason: str) -> None:
        for item in np.flatnonzero(items):
            reasons[int(item)].append(reason)

    if fit.n_components > 1:
        sizes = np.bincount(fit.component)
        note(fit.component != int(sizes.argmax()), "not_connected")
    median = float(np.median(fit.comparisons)) if fit.n else 0.0
    note((fit.comparisons < FEW_SHARE * median) | (fit.comparisons == 0), "few_comparisons")
    if misfit is not None and int(np.isfinite(misfit.infit).sum()) > 2:
        limit = np.nanmean(misfit.infit) + MISFIT_SDS * np.nanstd(misfit.infit, ddof=1)
        note(np.nan_to_num(misfit.infit, nan=0.0) > limit, "misfit")
    if projection is not None:
        labels = projection.scale.labels
        chance = np.array(
            [
                np.inf if grade is None else projection.probabilities[item, labels.index(grade)]
                for item, grade in enumerate(projection.grades)
            ]
        )
        note(chance < CLOSE_CALL, "near_boundary")
        note(np.array([side is not None for side in projection.beyond]), "beyond_anchors")
    found = [Review(item, tuple(why)) for item, why in enumerate(reasons) if why]
    return tuple(sorted(found, key=lambda review: (-review.priority, review.item)))
