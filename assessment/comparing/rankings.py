"""How far two runs order and score the same essays alike."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from assessment.comparing.essays import SharedEssay
from assessment.measurement.agreement import agreement, spearman, tau_b
from assessment.measurement.bootstraps import Bootstrap, Measure
from assessment.measurement.scales import Scale
from assessment.reports.schema import RunDocument

# Mean of |z| for a standard normal z: what two runs show that differ by chance alone.
BY_CHANCE: Final = math.sqrt(2 / math.pi)
FAR = 2.0


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


@dataclass(frozen=True)
class ScoreAgreement:
    """Differences of the scores of `n` essays.

    mean              mean absolute difference, logits
    mean_in_errors    the same in standard errors of the difference; 0.80 by chance alone
    far               essays more than 2 of them apart; 1 in 20 by chance alone
    largest           the essay whose score differs most
    """

    n: int
    mean: float | None
    mean_in_errors: float | None
    far: int
    largest: PlacedEssay | None


@dataclass(frozen=True)
class GradeAgreement:
    """Of `n` students with a grade in both runs: shares with the same, and within one step."""

    n: int
    exact: Measure
    adjacent: Measure


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
                (rows[0]["score"], rows[1]["score"]),
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
        bootstrap.measure(lambda rows: tau_b(mine[rows], theirs[rows])),
        bootstrap.measure(lambda rows: spearman(mine[rows], theirs[rows])),
    )


def score_agreement(placed: Sequence[PlacedEssay]) -> ScoreAgreement:
    sizes = [abs(essay.difference) for essay in placed]
    in_errors = [abs(z) for essay in placed if (z := essay.in_errors) is not None]
    return ScoreAgreement(
        n=len(placed),
        mean=float(np.mean(sizes)) if sizes else None,
        mean_in_errors=float(np.mean(in_errors)) if in_errors else None,
        far=sum(z > FAR for z in in_errors),
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
    found = agreement(
        [essay.grades[1] for essay in students],
        [essay.grades[0] for essay in students],
        Scale("custom", tuple(labels)),
    )
    return GradeAgreement(found.n, found.exact, found.adjacent)


def _results(document: RunDocument) -> dict[str, Mapping[str, Any]]:
    return {row["essay"]: row for row in document["results"] if row["score"] is not None}
