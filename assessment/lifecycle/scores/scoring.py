"""What a measurement says of a batch's essays: grades, ranks, and how well known grades are met."""

import math
from collections.abc import Sequence
from typing import Any

from assessment.lifecycle.scores.measuring import Measurement
from assessment.measurement.agreement import agreement
from assessment.measurement.bootstraps import Measure
from assessment.measurement.bradley_terry import Fit
from assessment.measurement.grades import GradeProjection as Projection
from assessment.measurement.grades import project_grades
from assessment.measurement.regrading import regrade
from assessment.measurement.scales import Scale
from assessment.models import Essay, GradeProjection


def project(
    measurement: Measurement, essays: Sequence[Essay], scale: Scale | None
) -> Projection | None:
    """Grades of all essays from the anchors, or None without a scale, an anchor or a decision."""
    anchors = {essay.position: essay.known_grade for essay in essays if essay.is_anchor}
    if scale is None or not anchors or not measurement.successes:
        return None
    return project_grades(measurement.fit, anchors, scale)


def projection_rows(
    essays: Sequence[Essay],
    measurement: Measurement,
    projection: Projection | None,
    scale: Scale | None,
) -> list[GradeProjection]:
    """A row, not stored yet, for each essay: score, rank, grade and their doubts."""
    fit = measurement.fit
    ranks = student_ranks(_scores_to_rank(essays, fit))
    rows = []
    for essay in essays:
        item = essay.position
        grade = projection.grades[item] if projection else None
        probabilities = None
        if projection and scale and grade is not None:
            # None for grades that no anchor reaches: nothing is known of them, which is not 0.
            probabilities = {
                label: _finite(float(chance))
                for label, chance in zip(scale.labels, projection.probabilities[item], strict=True)
            }
        rows.append(
            GradeProjection(
                essay=essay,
                score=float(fit.scores[item]),
                se=float(fit.se[item]),
                comparisons=int(fit.comparisons[item]),
                wins=int(fit.wins[item]),
                rank=ranks.get(item),
                # An anchor's grade is known; where its score points is for checking only.
                grade=essay.known_grade if essay.is_anchor else grade,
                grade_probabilities=probabilities,
                grade_confidence=(
                    (projection.confidence[item] or "")
                    if projection and not essay.is_anchor
                    else ""
                ),
                beyond=(projection.beyond[item] or "") if projection else "",
            )
        )
    return rows


def _scores_to_rank(essays: Sequence[Essay], fit: Fit) -> dict[int, float]:
    """Scores of students, by position: of those that were compared, if all essays met.

    Scores of groups that never met are on no common scale (DESIGN, section 8), so there no student
    has a place among all; one whose comparisons all failed has none either. A lone essay is first.
    """
    met = [essay.position for essay in essays if fit.comparisons[essay.position]]
    if len(set(fit.component[met].tolist())) > 1:
        return {}
    return {
        essay.position: float(fit.scores[essay.position])
        for essay in essays
        if not essay.is_anchor and (fit.comparisons[essay.position] or len(essays) == 1)
    }


def student_ranks(scores: dict[int, float]) -> dict[int, int]:
    """Ranks among students, 1 best; equal scores share the better rank (1, 2, 2, 4).

    Scores are equal to nine decimals: what comes after is noise of the fit.
    """
    scores = {item: round(score, 9) for item, score in scores.items()}
    ordered = sorted(scores.values(), reverse=True)
    first_place: dict[float, int] = {}
    for place, score in enumerate(ordered, start=1):
        first_place.setdefault(score, place)
    return {item: first_place[score] for item, score in scores.items()}


def measurement_document(
    measurement: Measurement,
    projection: Projection | None,
    essays: Sequence[Essay],
    scale: Scale | None,
) -> dict[str, Any]:
    """What is said of a batch as a whole: `Batch.result["measurement"]` but for its diagnosis."""
    fit, reliability = measurement.fit, measurement.reliability
    names = {essay.position: essay.name for essay in essays}
    return {
        "reliability": reliability.value,
        "reliability_low": reliability.low,
        "reliability_high": reliability.high,
        "reliability_reason": reliability.reason,
        "reliability_interval_kind": "95 % likelihood interval",
        "sigma": fit.sigma,
        "components": fit.n_components,
        "position_effect": {"gamma": fit.gamma, "se": fit.gamma_se},
        "boundaries": [
            {
                "lower": boundary.lower,
                "upper": boundary.upper,
                "logit": boundary.logit,
                "se": boundary.se,
            }
            for boundary in (projection.boundaries if projection else ())
        ],
        "anchor_inversions": [
            {
                "higher_grade_essay": names[inversion.better],
                "lower_grade_essay": names[inversion.worse],
                "gap": inversion.gap,
                "z": inversion.z,
            }
            for inversion in (projection.inversions if projection else ())
        ],
        "no_grades_reason": projection.reason if projection else None,
        "agreement": _agreement(measurement, projection, essays, scale),
    }


def _agreement(
    measurement: Measurement,
    projection: Projection | None,
    essays: Sequence[Essay],
    scale: Scale | None,
) -> dict[str, Any] | None:
    """Projected against known grades of students, where any student's grade is known."""
    students = [essay for essay in essays if not essay.is_anchor and essay.known_grade]
    if projection is None or scale is None or len(students) < 2:
        return None
    items = [essay.position for essay in students]
    found = agreement(
        [projection.grades[item] for item in items],
        [essay.known_grade for essay in students],
        scale,
        scores=measurement.fit.scores[items],
        regraded=regrade(
            measurement.fit,
            {essay.position: essay.known_grade for essay in essays if essay.is_anchor},
            scale,
            items,
        ),
    )
    return {
        "n": found.n,
        "exact": _measure(found.exact),
        "adjacent": _measure(found.adjacent),
        "qwk": _measure(found.kappa),
        "tau_b": _measure(found.tau_b),
        "spearman": _measure(found.spearman),
        "mean_signed_difference": _measure(found.mean_difference),
    }


def _measure(measure_: Measure) -> dict[str, float | None]:
    return {
        "value": _finite(measure_.value),
        "low": _finite(measure_.low),
        "high": _finite(measure_.high),
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
