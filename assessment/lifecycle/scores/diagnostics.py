"""What a batch's result says beside scores and grades: misfit, judges, repeats, surprises."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assessment.fitting.diagnostics import Diagnostics, diagnose
from assessment.fitting.documents import finite, judge_row, order_row, split_row
from assessment.lifecycle.scores.measuring import Measurement
from assessment.measurement.eps_estimates import EPS
from assessment.measurement.grades import GradeProjection
from assessment.models import Batch, ComparisonPair, Essay


@dataclass(frozen=True)
class Diagnosis:
    """Parts of a batch's result: keys of its measurement, and one entry per essay position."""

    measurement: dict[str, Any]
    essays: list[dict[str, Any]]


def diagnosis_of(
    batch: Batch,
    measurement: Measurement,
    projection: GradeProjection | None,
    essays: Sequence[Essay],
) -> Diagnosis:
    """Hold the decisions against the scores. Call it while the batch is SCORING: no result can
    change the pairs then, so the rows read here are those that were fitted."""
    rows = list(
        batch.pairs.filter(status=ComparisonPair.Status.SUCCEEDED)
        .order_by("wave__number", "id")
        .values_list("provider", "model", "correlation_id")
    )
    labels = [f"{provider}:{model}" for provider, model, _ in rows]
    judges = sorted(set(labels))
    place = {label: number for number, label in enumerate(judges)}
    decisions = measurement.decisions
    found = diagnose(
        measurement.fit,
        decisions.first,
        decisions.second,
        decisions.first_won.astype(np.float64),
        judges,
        np.array([place[label] for label in labels], dtype=np.intp),
        projection,
    )
    names = {essay.position: essay.name for essay in essays}
    return Diagnosis(
        {
            "judges": [judge_row(judge, ordered=True) for judge in found.judges],
            "order_agreement": order_row(found.order),
            "triads": (
                {
                    "complete": found.triads.complete,
                    "circular": found.triads.circular,
                    "share": found.triads.share,
                }
                if found.triads
                else None
            ),
            "split_half": split_row(found.split),
            "split_half_by_judges": split_row(found.split_by_judges),
            "field": {
                "eps": EPS,
                "ssr_mle": found.eps.ssr_mle,
                "ssr_g": found.eps.ssr_g,
                "separation_g": found.eps.separation_g,
            },
            "surprises": [
                {
                    "correlation_id": str(rows[surprise.row][2]),
                    "winner": names[surprise.winner],
                    "loser": names[surprise.loser],
                    "judge": labels[surprise.row],
                    "probability": surprise.probability,
                    "bits": surprise.bits,
                }
                for surprise in found.surprises
            ],
            "anchor_checks": [
                {
                    "essay": names[check.item],
                    "known_grade": check.known,
                    "projected_grade": check.projected,
                    "steps": check.steps,
                    "probability": check.probability,
                }
                for check in (projection.anchor_checks if projection else ())
            ],
            "not_computed": list(found.left_out),
        },
        _per_essay(measurement, found),
    )


def _per_essay(measurement: Measurement, found: Diagnostics) -> list[dict[str, Any]]:
    reasons = {review.item: list(review.reasons) for review in found.reviews}
    eps = found.eps
    return [
        {
            "infit": finite(eps.infit[item]),
            "outfit": finite(eps.outfit[item]),
            "eps_theta": float(eps.theta[item]),
            "eps_se": finite(eps.se[item]),
            "component": int(measurement.fit.component[item]),
            "review": reasons.get(item, []),
        }
        for item in range(measurement.fit.n)
    ]
