"""An analysis as plain data, ready for JSON: items, judges, summary."""

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from assessment.fitting.analyses import Analysis
from assessment.measurement.eps_estimates import EPS
from assessment.measurement.judges import JudgeStatistics
from assessment.measurement.orders import OrderAgreement
from assessment.measurement.split_halves import SplitHalf

Document = dict[str, Any]


def fit_document(analysis: Analysis) -> Document:
    """{items, judges, summary}; what is unknown is null. Items best first, scores in logits."""
    return {
        "items": item_rows(analysis),
        "judges": [
            judge_row(judge, ordered=analysis.decisions.order_known)
            for judge in analysis.diagnostics.judges
        ],
        "summary": _summary(analysis),
    }


def item_rows(analysis: Analysis) -> list[Document]:
    """One row per item, best first, equal scores by name."""
    fit, eps, projection = analysis.fit, analysis.diagnostics.eps, analysis.projection
    names = analysis.decisions.items
    reasons = {review.item: list(review.reasons) for review in analysis.diagnostics.reviews}
    rows = []
    for item in sorted(range(fit.n), key=lambda item: (-fit.scores[item], names[item])):
        grade = projection.grades[item] if projection else None
        shares = None
        if projection and grade is not None:
            labels = projection.scale.labels
            shares = dict(zip(labels, map(finite, projection.probabilities[item]), strict=True))
        known = analysis.anchors.get(item)
        rows.append(
            {
                "item": names[item],
                "comparisons": whole_number(fit.comparisons[item]),
                "wins": whole_number(fit.wins[item]),
                "score": float(fit.scores[item]),
                "se": float(fit.se[item]),
                "eps_theta": float(eps.theta[item]),
                "eps_se": finite(eps.se[item]),
                "infit": finite(eps.infit[item]),
                "outfit": finite(eps.outfit[item]),
                "component": int(fit.component[item]),
                # An anchor's grade is known; where its score points is for checking only.
                "grade": known if known is not None else grade,
                "grade_probabilities": shares,
                "grade_confidence": projection.confidence[item] if projection else None,
                "beyond": projection.beyond[item] if projection else None,
                "known_grade": known,
                "review": reasons.get(item, []),
            }
        )
    return rows


def _summary(analysis: Analysis) -> Document:
    fit, reliability, found = analysis.fit, analysis.reliability, analysis.diagnostics
    decisions = analysis.decisions
    ordered = decisions.order_known
    shown = reliability.low is not None and reliability.high is not None
    return {
        "n_items": decisions.n,
        "n_judges": len(decisions.judges),
        "n_comparisons": decisions.count,
        "components": fit.n_components,
        "reliability": reliability.value,
        "reliability_interval": [reliability.low, reliability.high] if shown else None,
        "reliability_reason": reliability.reason,
        "sigma": fit.sigma,
        "gamma": fit.gamma if ordered else None,
        "gamma_se": fit.gamma_se if ordered else None,
        "eps": EPS,
        "ssr_mle": found.eps.ssr_mle,
        "ssr_g": found.eps.ssr_g,
        "separation_g": found.eps.separation_g,
        "split_half": split_row(found.split),
        "split_half_by_judges": split_row(found.split_by_judges),
        "ab_ba": order_row(found.order),
        "triads": asdict(found.triads) if found.triads else None,
        "anchors": _anchors(analysis),
        "surprises": [
            {
                "winner": decisions.items[surprise.winner],
                "loser": decisions.items[surprise.loser],
                "judge": decisions.judges[int(decisions.judge[surprise.row])],
                "probability": surprise.probability,
                "bits": surprise.bits,
            }
            for surprise in found.surprises
        ],
        "review": [
            {"item": decisions.items[review.item], "reasons": list(review.reasons)}
            for review in found.reviews
        ],
        "warnings": list(analysis.warnings),
    }


def _anchors(analysis: Analysis) -> Document | None:
    projection, names = analysis.projection, analysis.decisions.items
    if projection is None:
        return None
    return {
        "grade_scale": list(projection.scale.labels),
        "boundaries": [asdict(boundary) for boundary in projection.boundaries],
        "inversions": [
            {
                "better": names[inversion.better],
                "better_grade": inversion.better_grade,
                "worse": names[inversion.worse],
                "worse_grade": inversion.worse_grade,
                "gap": inversion.gap,
                "z": finite(inversion.z),
            }
            for inversion in projection.inversions
        ],
        "checks": [
            {**asdict(check), "item": names[check.item]} for check in projection.anchor_checks
        ],
    }


def judge_row(judge: JudgeStatistics, *, ordered: bool) -> Document:
    """One judge; without a known order there is no share of decisions for the first."""
    return {
        **asdict(judge),
        "infit": finite(judge.infit),
        "outfit": finite(judge.outfit),
        "first_share": judge.first_share if ordered else None,
    }


def order_row(order: OrderAgreement | None) -> Document | None:
    """AB/BA agreement; None where the order is unknown or no pair was seen in both."""
    return asdict(order) if order and order.pairs else None


def split_row(split: SplitHalf | None) -> Document | None:
    """Split half; None where there was nothing to correlate."""
    return asdict(split) if split and split.repeats else None


def finite(value: float | np.floating[Any]) -> float | None:
    """The number, or None for one that JSON cannot hold."""
    return float(value) if math.isfinite(value) else None


def whole_number(value: float | np.floating[Any]) -> int | float:
    """A count as an int; ties make halves of wins, which stay as they are."""
    return int(value) if float(value).is_integer() else float(value)
