"""From the rows of a batch to a fit, and whether its scores have settled."""

from dataclasses import dataclass

import numpy as np

from assessment.conf import get_settings
from assessment.measurement.arrays import BoolArray, IntArray
from assessment.measurement.bradley_terry import Fit, fit
from assessment.measurement.reliability import Reliability, marginal_reliability
from assessment.measurement.stability import check_stability, previous_scores
from assessment.models import Batch, ComparisonPair


@dataclass(frozen=True)
class Decisions:
    """Successful comparisons of a batch, (m,) each, in the order of their waves.

    `first` was shown first; numbers are essay positions.
    """

    n: int
    first: IntArray
    second: IntArray
    first_won: BoolArray
    wave: IntArray

    @property
    def count(self) -> int:
        return len(self.first)


@dataclass(frozen=True)
class Measurement:
    """Scores after a wave. `max_score_change` is in SDs of the scores, None at the first wave."""

    decisions: Decisions
    fit: Fit
    reliability: Reliability
    max_score_change: float | None
    stable: bool
    unsettled: tuple[str, ...]

    @property
    def successes(self) -> int:
        return self.decisions.count


def decisions_of(batch: Batch) -> Decisions:
    rows = list(
        batch.pairs.filter(status=ComparisonPair.Status.SUCCEEDED)
        .order_by("wave__number", "id")
        .values_list("essay_a__position", "essay_b__position", "winner", "wave__number")
    )
    return Decisions(
        n=batch.essays.count(),
        first=np.array([row[0] for row in rows], dtype=np.intp),
        second=np.array([row[1] for row in rows], dtype=np.intp),
        first_won=np.array([row[2] == "essay_a" for row in rows], dtype=np.bool_),
        wave=np.array([row[3] for row in rows], dtype=np.intp),
    )


def measure(batch: Batch) -> Measurement:
    """Fit everything judged so far, and compare it with what was known before the last wave."""
    decisions = decisions_of(batch)
    last = batch.waves.order_by("-number").first()
    earlier = batch.waves.exclude(scores=[]).order_by("-number").first()
    current = fit(
        decisions.n,
        decisions.first,
        decisions.second,
        decisions.first_won,
        start=earlier.scores if earlier else None,
    )
    reliability = marginal_reliability(current)
    before = int((decisions.wave < last.number).sum()) if last else 0
    previous = previous_scores(
        decisions.n,
        decisions.first,
        decisions.second,
        decisions.first_won,
        before,
        sigma=current.sigma,
    )
    settings = get_settings()
    stability = check_stability(
        previous,
        current,
        n=decisions.n,
        successes=decisions.count,
        new_successes=decisions.count - before,
        success_rate=batch.completed / batch.callbacks if batch.callbacks else 0.0,
        threshold=settings.SCORE_STABILITY_THRESHOLD,
        min_comparisons=settings.MIN_COMPARISONS_FOR_STABILITY_CHECK,
        min_success_rate=settings.MIN_SUCCESS_RATE_THRESHOLD,
        reliability=reliability,
    )
    return Measurement(
        decisions,
        current,
        reliability,
        stability.max_score_change,
        stability.stable,
        stability.reasons,
    )
