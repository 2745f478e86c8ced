"""From decisions to everything that is printed about them."""

from collections.abc import Mapping
from dataclasses import dataclass

from assessment.fitting.decisions import DecisionList
from assessment.fitting.diagnostics import Diagnostics, diagnose
from assessment.intake.errors import printable
from assessment.measurement.bradley_terry import Fit, fit
from assessment.measurement.grades import GradeProjection, project_grades
from assessment.measurement.reliability import Reliability, marginal_reliability
from assessment.measurement.scales import Scale

FEW_COMPARISONS = 6
"""Below this many comparisons an item's score is mostly prior."""

CHANCE_Z = 2.0
"""Standard errors between two anchors from which their wrong order is more than chance."""


@dataclass(frozen=True, eq=False, repr=False)
class Analysis:
    """The fit of `decisions` and what follows from it; no projection without anchors.

    `anchors` and `fixed` are keyed by the item's place in `decisions.items`.
    """

    decisions: DecisionList
    anchors: Mapping[int, str]
    fixed: Mapping[int, float]
    fit: Fit
    reliability: Reliability
    projection: GradeProjection | None
    diagnostics: Diagnostics
    warnings: tuple[str, ...]


def analyse(
    decisions: DecisionList,
    anchors: Mapping[int, str] | None = None,
    scale: Scale | None = None,
    fixed: Mapping[int, float] | None = None,
) -> Analysis:
    """Fit the decisions, grade from `anchors` on `scale`, and hold decisions against the fit.

    The position effect is estimated only where every file says what was shown first. Raises
    ValueError for anchors off the scale or without one.
    """
    anchors, fixed = anchors or {}, fixed or {}
    if anchors and scale is None:
        raise ValueError("anchors need a grade scale")
    whole = fit(
        decisions.n,
        decisions.first,
        decisions.second,
        decisions.first_won,
        fixed=fixed,
        position_effect=decisions.order_known,
    )
    projection = project_grades(whole, anchors, scale) if anchors and scale else None
    diagnostics = diagnose(
        whole,
        decisions.first,
        decisions.second,
        decisions.first_won,
        decisions.judges,
        decisions.judge,
        projection,
    )
    reliability = marginal_reliability(whole)
    return Analysis(
        decisions,
        anchors,
        fixed,
        whole,
        reliability,
        projection,
        diagnostics,
        tuple(_warnings(decisions, whole, reliability, projection, diagnostics)),
    )


def _warnings(
    decisions: DecisionList,
    whole: Fit,
    reliability: Reliability,
    projection: GradeProjection | None,
    diagnostics: Diagnostics,
) -> list[str]:
    """What a reader must be told, in plain words; empty where there is nothing to mind."""
    found = []
    if whole.n_components > 1:
        found.append(
            f"The comparisons fall into {whole.n_components} groups that never met. Scores of "
            "different groups cannot be compared."
        )
    if reliability.value is None:
        found.append(f"Reliability: {reliability.reason}.")
    few = int((whole.comparisons < FEW_COMPARISONS).sum())
    if few:
        found.append(
            f"{few} of {whole.n} items have fewer than {FEW_COMPARISONS} comparisons; their scores "
            "are uncertain."
        )
    odd = [judge.judge for judge in diagnostics.judges if judge.misfits]
    if odd:
        found.append(
            f"{len(odd)} of {len(diagnostics.judges)} judges decide unlike the others (infit; in "
            "one session of 20 chance alone marks a judge): look at their decisions "
            "(--exclude-judge leaves one out)."
        )
    if abs(whole.gamma) > max(3 * whole.gamma_se, 0.2):
        side = "first" if whole.gamma > 0 else "second"
        found.append(
            f"Judges favour what is shown {side}, by {abs(whole.gamma):.2f} logits; the fit makes "
            "up for it."
        )
    if projection is not None:
        if projection.reason:
            found.append(f"No grade for some or all items: {projection.reason}.")
        wrong = sum(inversion.z >= CHANCE_Z for inversion in projection.inversions)
        if wrong:
            found.append(
                f"{wrong} pairs of anchors are out of order by more than chance: the one of the "
                "lower grade was judged better."
            )
    if decisions.left_out:
        found.append(f"{decisions.left_out} failed comparisons have no verdict and were left out.")
    if decisions.repeated:
        found.append(
            f"{decisions.repeated} rows have the correlation_id of an earlier row and were left "
            "out: each decision counts once."
        )
    for smaller, larger in decisions.contained:
        found.append(
            f"Every decision in {printable(smaller)} is in {printable(larger)} too. If they are "
            "the same decisions they now count twice: fit without the first of these files."
        )
    if diagnostics.left_out:
        found.append(f"Not computed for so many decisions: {', '.join(diagnostics.left_out)}.")
    return found
