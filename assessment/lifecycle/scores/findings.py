"""What a reader of the results must be told, in plain words."""

from collections.abc import Mapping, Sequence
from typing import Any

from assessment.fitting.analyses import CHANCE_Z, FEW_COMPARISONS
from assessment.lifecycle.scores.measuring import Measurement
from assessment.measurement.grades import GradeProjection
from assessment.models import Batch, Essay
from llmprovider.contracts import bills


def warnings_of(
    batch: Batch,
    measurement: Measurement,
    projection: GradeProjection | None,
    essays: Sequence[Essay],
) -> list[dict[str, str]]:
    """Warnings as {code, message}; empty where there is nothing to mind."""
    found: list[tuple[str, str]] = []
    if batch.stop_reason == Batch.StopReason.INSUFFICIENT_ESSAYS:
        found.append(("insufficient_essays", "There was nothing to compare, so nobody was judged."))
        return [{"code": code, "message": message} for code, message in found]
    fit = measurement.fit
    if fit.n_components > 1:
        found.append(
            (
                "disconnected_graph",
                f"The comparisons fall into {fit.n_components} groups that never met. "
                "Scores of different groups cannot be compared.",
            )
        )
    if measurement.reliability.value is None:
        found.append(("no_reliability", f"Reliability: {measurement.reliability.reason}."))
    few = [e.name for e in essays if fit.comparisons[e.position] < FEW_COMPARISONS]
    if few:
        found.append(
            (
                "few_comparisons",
                f"Fewer than {FEW_COMPARISONS} comparisons, so the score is uncertain: "
                f"{_some(few)}.",
            )
        )
    if batch.failed:
        found.append(
            (
                "failed_comparisons",
                f"{batch.failed} of {batch.callbacks} comparisons have no verdict and do not "
                "count in any score.",
            )
        )
    unpriced = bills.totals_of(str(batch.pk))["unpriced_calls"]
    if unpriced:
        found.append(
            (
                "unknown_price",
                f"No price is known for the model of {unpriced} calls: "
                "the true cost is higher than stated.",
            )
        )
    found += _grade_warnings(batch, projection, essays)
    if fit.gamma_se > 0 and abs(fit.gamma) > 3 * fit.gamma_se and abs(fit.gamma) > 0.2:
        side = "first" if fit.gamma > 0 else "second"
        found.append(
            (
                "position_effect",
                f"The judge favours the essay shown {side} (by {abs(fit.gamma):.2f} logits). "
                "Balanced positions and the fit make up for it.",
            )
        )
    return [{"code": code, "message": message} for code, message in found]


def warnings_of_judges(judges: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """A warning where a judge decides unlike the others; needs three judges to tell."""
    odd = [judge["judge"] for judge in judges if judge["misfits"]]
    if not odd:
        return []
    message = (
        f"Decides unlike the other judges, so look at its comparisons: {_some(odd)}. "
        "(Chance alone marks a judge in one run of 20.)"
    )
    return [{"code": "judge_misfit", "message": message}]


def _grade_warnings(
    batch: Batch, projection: GradeProjection | None, essays: Sequence[Essay]
) -> list[tuple[str, str]]:
    found = []
    if projection is None:
        found.append(("no_grades", "There are no anchors, so there are scores but no grades."))
        return found
    if projection.reason:
        found.append(("no_grades", f"No grade for some or all essays: {projection.reason}."))
    # A smaller contradiction is listed in the result, but two anchors of a healthy batch show it
    # now and then by chance alone.
    wrong = [inversion for inversion in projection.inversions if inversion.z >= CHANCE_Z]
    if wrong:
        names = {essay.position: essay.name for essay in essays}
        pairs = [f"{names[inversion.worse]} above {names[inversion.better]}" for inversion in wrong]
        found.append(
            (
                "anchors_out_of_order",
                f"Anchors of a lower grade were judged better than anchors of a higher grade: "
                f"{_some(pairs)}.",
            )
        )
    held = {essay.known_grade for essay in essays if essay.is_anchor}
    ends = (
        ("below_lowest", batch.grade_scale[0], "below the lowest anchor"),
        ("above_highest", batch.grade_scale[-1], "above the highest anchor"),
    )
    for side, last_label, where in ends:
        outside = [
            essay.name
            for essay in essays
            if not essay.is_anchor and projection.beyond[essay.position] == side
        ]
        if outside and last_label not in held:
            found.append(
                (side, f"Judged {where}, where no anchor holds the scale: {_some(outside)}.")
            )
    return found


def _some(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
