"""How far two runs order and score the same essays alike."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from assessment.comparing.essays import SharedEssay
from assessment.comparing.shares import Share
from assessment.measurement.bootstraps import Bootstrap, Measure
from assessment.measurement.correlations import spearman, tau_b
from assessment.measurement.scales import Scale
from assessment.reports.schema import RunDocument

# Mean of |z| for a standard normal z: the most that two runs show that differ by chance alone. A
# standard error counts what is known beforehand too, so two fits lie closer than it says.
BY_CHANCE: Final = math.sqrt(2 / math.pi)
FAR = 2.0

# Decimals of a score that are no noise of the fit, which differs with the order of its rows.
DECIMALS: Final = 9


@dataclass(frozen=True)
class PlacedEssay:
    """An essay with its scores (logits), standard errors and grades in both runs."""

    name: str
    is_anchor: bool
    scores: tuple[float, float]
    errors: tuple[float, float]
    ranks: tuple[int | None, int | None]
    grades: tuple[str | None, str | None]

    @property
    def difference(self) -> float:
        """Second score minus first."""
        return self.scores[1] - self.scores[0]

    @property
    def in_errors(self) -> float | None:
        """The difference in standard errors of a difference of two independent scores."""
        error = math.hypot(*self.errors)
        return self.difference / error if error > 0 else None


@dataclass(frozen=True)
class OrderAgreement:
    """Of `n` essays that both runs scored. Intervals: percentile bootstrap over essays."""

    n: int
    tau_b: Measure
    spearman: Measure

    @property
    def lacks_an_interval(self) -> bool:
        """Whether a figure is there without one."""
        return any(
            each.value is not None and each.low is None for each in (self.tau_b, self.spearman)
        )


@dataclass(frozen=True)
class ScoreAgreement:
    """Differences of the scores of `n` essays.

    mean              mean absolute difference, logits
    mean_in_errors    the same in standard errors of the difference; by chance alone at most 0.80
    far               essays more than 2 of them apart, by chance alone at most 1 in 20; None
                      where no essay can be held to it
    largest           the essay whose score differs most
    """

    n: int
    mean: float | None
    mean_in_errors: float | None
    far: int | None
    largest: PlacedEssay | None


@dataclass(frozen=True)
class GradeAgreement:
    """Of `n` students with a grade in both runs: shares with the same, and within one step."""

    n: int
    exact: Share
    adjacent: Share


def placed_essays(
    one: RunDocument, other: RunDocument, essays: Sequence[SharedEssay]
) -> list[PlacedEssay]:
    """The essays that have a score in both runs."""
    mine, theirs = _results(one), _results(other)
    placed = []
    for essay in essays:
        rows = mine.get(essay.names[0]), theirs.get(essay.names[1])
        if rows[0] is None or rows[1] is None:
            continue
        placed.append(
            PlacedEssay(
                essay.names[0],
                essay.is_anchor,
                (round(rows[0]["score"], DECIMALS), round(rows[1]["score"], DECIMALS)),
                (rows[0]["se"] or 0.0, rows[1]["se"] or 0.0),
                (rows[0]["rank"], rows[1]["rank"]),
                (rows[0]["grade"], rows[1]["grade"]),
            )
        )
    return placed


def order_agreement(placed: Sequence[PlacedEssay]) -> OrderAgreement:
    scores = np.array([essay.scores for essay in placed], dtype=np.float64).reshape(-1, 2)
    mine, theirs = scores.T
    bootstrap = Bootstrap(len(placed))
    return OrderAgreement(
        len(placed),
        bootstrap.measure(lambda rows: tau_b(mine, theirs, rows)),
        bootstrap.measure(lambda rows: spearman(mine, theirs, rows)),
    )


def score_agreement(placed: Sequence[PlacedEssay]) -> ScoreAgreement:
    sizes = [abs(essay.difference) for essay in placed]
    in_errors = [abs(z) for essay in placed if (z := essay.in_errors) is not None]
    return ScoreAgreement(
        n=len(placed),
        mean=float(np.mean(sizes)) if sizes else None,
        mean_in_errors=float(np.mean(in_errors)) if in_errors else None,
        far=sum(z > FAR for z in in_errors) if in_errors else None,
        largest=max(placed, key=lambda essay: abs(essay.difference), default=None),
    )


def grade_agreement(
    placed: Sequence[PlacedEssay], one: RunDocument, other: RunDocument
) -> GradeAgreement | None:
    """None where the runs have other scales, or no student has a grade in both."""
    labels = one["inputs"]["grade_scale"]
    students = [essay for essay in placed if not essay.is_anchor and all(essay.grades)]
    if labels != other["inputs"]["grade_scale"] or not students:
        return None
    scale = Scale("custom", tuple(labels))
    steps = [
        abs(scale.index(first) - scale.index(second))
        for essay in students
        for first, second in [essay.grades]
        if first is not None and second is not None
    ]
    n = len(students)
    return GradeAgreement(
        n, Share(sum(step == 0 for step in steps), n), Share(sum(step <= 1 for step in steps), n)
    )


def _results(document: RunDocument) -> dict[str, Mapping[str, Any]]:
    return {row["essay"]: row for row in document["results"] if row["score"] is not None}
