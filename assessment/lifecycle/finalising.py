"""Ending a batch: scores, grades, result and status in one transaction, once."""

import logging
import math
from collections.abc import Sequence
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from assessment.conf import get_settings
from assessment.lifecycle.cancelling import withdraw_pending
from assessment.lifecycle.diagnostics import diagnosis_of
from assessment.lifecycle.findings import warnings_of, warnings_of_judges
from assessment.lifecycle.measuring import Measurement, measure
from assessment.log_names import fields_of
from assessment.measurement.agreement import agreement
from assessment.measurement.bootstraps import Measure
from assessment.measurement.bradley_terry import Fit
from assessment.measurement.grades import GradeProjection as Projection
from assessment.measurement.grades import project_grades
from assessment.measurement.regrading import regrade
from assessment.measurement.scales import Scale
from assessment.metrics import BATCH_COMPLETION_SECONDS, FAILED_BATCHES, STUCK_BATCHES
from assessment.models import Batch, Essay, GradeProjection
from llmprovider.contracts.counting import count, observe
from llmprovider.contracts.faults import fault_of
from llmprovider.contracts.log_events import tell

log = logging.getLogger(__name__)

FAILURES = {
    Batch.StopReason.LOW_SUCCESS_RATE,
    Batch.StopReason.PROVIDER_OUTAGE,
    Batch.StopReason.STUCK_TIMEOUT,
    Batch.StopReason.INTERNAL_ERROR,
}
# Why the monitor hands a batch over that shows no activity.
STUCK = {Batch.StopReason.FORCED_RECOVERY, Batch.StopReason.STUCK_TIMEOUT}


def finalise(batch_id: int) -> None:
    """SCORING to COMPLETED or FAILED, by the batch's stop reason; a no-op in any other state.

    May run twice: the compare-and-set on the status lets one caller write. An error while scoring
    ends the batch as FAILED, with its name, instead of leaving it half done.
    """
    batch = Batch.objects.get(pk=batch_id)
    if batch.status != Batch.Status.SCORING:
        return
    # A money cap ends a batch well, unless nothing was judged under it.
    if batch.stop_reason in FAILURES or batch.failure:
        _fail(batch, batch.stop_reason, batch.failure)
        return
    try:
        _complete(batch)
    except (OperationalError, InterfaceError):
        raise  # the database is busy or away: the monitor calls again
    except Exception as error:
        tell(log, logging.ERROR, "batch_not_scored", **fields_of(batch), fault=fault_of(error))
        _fail(batch, Batch.StopReason.INTERNAL_ERROR, f"scoring failed: {type(error).__name__}")


def _complete(batch: Batch) -> None:
    if batch.stop_reason == Batch.StopReason.FORCED_RECOVERY and not _enough_succeeded(batch):
        _fail(batch, Batch.StopReason.LOW_SUCCESS_RATE, "too few comparisons have a winner")
        return
    essays = list(batch.essays.defer("text").order_by("position"))
    measurement = measure(batch)
    scale = Scale("batch", tuple(batch.grade_scale)) if len(batch.grade_scale) > 1 else None
    projection = _project(measurement, essays, scale)
    diagnosis = diagnosis_of(batch, measurement, projection, essays)
    with transaction.atomic():
        locked = Batch.objects.select_for_update().get(pk=batch.pk)
        if locked.status != Batch.Status.SCORING:
            return
        withdraw_pending(locked)
        GradeProjection.objects.filter(essay__batch=locked).delete()
        GradeProjection.objects.bulk_create(_rows(essays, measurement, projection, scale))
        locked.step_to(
            Batch.Status.COMPLETED,
            submitted=locked.submitted,
            failed=locked.failed,
            result={
                "measurement": {
                    **_measurement(measurement, projection, essays, scale),
                    **diagnosis.measurement,
                },
                "essays": diagnosis.essays,
            },
            warnings=_all_told(
                locked.warnings,
                [
                    *warnings_of(locked, measurement, projection, essays),
                    *warnings_of_judges(diagnosis.measurement["judges"]),
                ],
            ),
            completed_at=(now := timezone.now()),
        )
        observe(BATCH_COMPLETION_SECONDS, [max(0.0, (now - locked.created_at).total_seconds())])
        if locked.stop_reason == Batch.StopReason.FORCED_RECOVERY:
            count(STUCK_BATCHES, outcome="recovered")
    _log_end(locked)


def _all_told(
    before: Sequence[dict[str, str]], after: Sequence[dict[str, str]]
) -> list[dict[str, str]]:
    """Warnings from the start and of the end; what came true is told once, as it came."""
    came = {warning["code"] for warning in after}
    return [*(warning for warning in before if warning["code"] not in came), *after]


def _enough_succeeded(batch: Batch) -> bool:
    """The rule that a normal end has already been held to."""
    return batch.completed >= get_settings().MIN_SUCCESS_RATE_THRESHOLD * max(1, batch.callbacks)


def _fail(batch: Batch, reason: str, why: str) -> None:
    with transaction.atomic():
        locked = Batch.objects.select_for_update().get(pk=batch.pk)
        if locked.status != Batch.Status.SCORING:
            return
        withdraw_pending(locked)
        if locked.stop_reason in STUCK:
            count(STUCK_BATCHES, outcome="failed")
        count(FAILED_BATCHES, reason=str(reason))
        locked.step_to(
            Batch.Status.FAILED,
            submitted=locked.submitted,
            failed=locked.failed,
            stop_reason=reason,
            failure=why[:500],
            completed_at=timezone.now(),
        )
    _log_end(locked)


def _log_end(batch: Batch) -> None:
    tell(
        log,
        logging.INFO,
        "batch_ended",
        **fields_of(batch),
        status=batch.status,
        reason=batch.stop_reason,
        completed=batch.completed,
        failed=batch.failed,
        submitted=batch.submitted,
    )


def _project(
    measurement: Measurement, essays: Sequence[Essay], scale: Scale | None
) -> Projection | None:
    """Grades of all essays from the anchors, or None without a scale, an anchor or a decision."""
    anchors = {essay.position: essay.known_grade for essay in essays if essay.is_anchor}
    if scale is None or not anchors or not measurement.successes:
        return None
    return project_grades(measurement.fit, anchors, scale)


def _rows(
    essays: Sequence[Essay],
    measurement: Measurement,
    projection: Projection | None,
    scale: Scale | None,
) -> list[GradeProjection]:
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


def _measurement(
    measurement: Measurement,
    projection: Projection | None,
    essays: Sequence[Essay],
    scale: Scale | None,
) -> dict[str, Any]:
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
