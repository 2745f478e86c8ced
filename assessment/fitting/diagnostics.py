"""How far decisions can be trusted: misfit, judges, repeats, contradictions, what to look at.

What takes more than about a second is left out of very large fits and said to be: see the limits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assessment.measurement.arrays import FloatArray, IntArray
from assessment.measurement.bradley_terry import Fit
from assessment.measurement.eps_estimates import EpsEstimate, eps_estimate
from assessment.measurement.grades import GradeProjection
from assessment.measurement.judges import (
    JudgeStatistics,
    infit_z,
    judge_statistics,
    misfit_limit,
)
from assessment.measurement.orders import OrderAgreement, order_agreement
from assessment.measurement.residuals import (
    Misfit,
    Surprise,
    chance_of_first,
    misfit_of_groups,
    surprises,
)
from assessment.measurement.reviews import Review, essays_to_review
from assessment.measurement.split_halves import SplitHalf, split_half
from assessment.measurement.triads import Triads, circular_triads

SPLIT_HALF_LIMIT = 50_000
"""Most decisions that are split into halves; 50 repeats of them take about a second."""

SPLIT_JUDGES = 4
"""Fewest judges that are split into halves: two against two."""

TRIAD_LIMIT = 20_000_000
"""Most paths of two pairs, sum of (partners of an item)^2, in which circular triads are sought."""

CONSENSUS_LIMIT = 2_000_000
"""Most judges times decisions for which each judge is held against a fit without it."""


@dataclass(frozen=True, eq=False, repr=False)
class Diagnostics:
    """Everything beside scores and grades. None where left out for size or not to be had.

    `split_by_judges` needs 4 judges; `order` needs to know what was shown first.
    """

    eps: EpsEstimate
    reviews: tuple[Review, ...]
    judges: tuple[JudgeStatistics, ...]
    order: OrderAgreement | None
    triads: Triads | None
    split: SplitHalf | None
    split_by_judges: SplitHalf | None
    surprises: tuple[Surprise, ...]
    left_out: tuple[str, ...]


def diagnose(
    whole: Fit,
    first: IntArray,
    second: IntArray,
    first_won: FloatArray,
    judges: Sequence[str],
    judge: IntArray,
    projection: GradeProjection | None = None,
) -> Diagnostics:
    """Diagnostics of the m decisions (m,) that `whole` was fitted to.

    `judge` (m,) holds the place of each decision's judge among `judges`. The order shown counts as
    known if `whole` has a position effect. Raises ValueError when lengths differ.
    """
    n = whole.n
    ordered = whole.model.position_effect
    eps = eps_estimate(n, first, second, first_won)
    misfit = Misfit(eps.infit, eps.outfit, whole.comparisons)
    chance = chance_of_first(whole.scores, first, second, whole.gamma)
    left_out = []
    triads = None
    if _paths(n, first, second) <= TRIAD_LIMIT:
        triads = circular_triads(n, first, second, first_won)
    else:
        left_out.append("circular triads")
    split = by_judges = None
    if first.size <= SPLIT_HALF_LIMIT:
        sigma = whole.sigma
        split = split_half(n, first, second, first_won, sigma=sigma, position_effect=ordered)
        if len(judges) >= SPLIT_JUDGES:
            names = np.asarray(judges, dtype=np.str_)[judge].tolist()
            by_judges = split_half(
                n, first, second, first_won, sigma=sigma, judges=names, position_effect=ordered
            )
    else:
        left_out.append("split half")
    if len(judges) * first.size > CONSENSUS_LIMIT:
        left_out.append("agreement of each judge with the others")
    return Diagnostics(
        eps=eps,
        reviews=essays_to_review(whole, misfit, projection),
        judges=_judges(whole, first, second, first_won, judges, judge, chance),
        order=order_agreement(n, first, second, first_won) if ordered else None,
        triads=triads,
        split=split,
        split_by_judges=by_judges,
        surprises=surprises(first, second, first_won, chance),
        left_out=tuple(left_out),
    )


def _paths(n: int, first: IntArray, second: IntArray) -> float:
    key = np.unique(np.minimum(first, second) * n + np.maximum(first, second))
    partners = np.bincount(np.concatenate([key // n, key % n]), minlength=n) if n else key
    return float((partners.astype(np.float64) ** 2).sum())


def _judges(
    whole: Fit,
    first: IntArray,
    second: IntArray,
    first_won: FloatArray,
    judges: Sequence[str],
    judge: IntArray,
    chance: FloatArray,
) -> tuple[JudgeStatistics, ...]:
    if 1 < len(judges) and len(judges) * first.size <= CONSENSUS_LIMIT:
        names = np.asarray(judges, dtype=np.str_)[judge].tolist()
        return judge_statistics(whole, first, second, first_won, names)
    size = len(judges)
    misfit = misfit_of_groups(size, judge, first_won, chance)
    shown_first = np.bincount(judge, first_won, size) / np.maximum(misfit.count, 1)
    standardised = infit_z(size, judge, first_won, chance)
    limit = misfit_limit(size)
    return tuple(
        JudgeStatistics(
            judge=name,
            comparisons=int(misfit.count[place]),
            agreement=None,
            expected_agreement=None,
            infit=float(misfit.infit[place]),
            outfit=float(misfit.outfit[place]),
            first_share=float(shown_first[place]),
            infit_z=standardised[place],
            misfits=(standardised[place] or 0.0) > limit,
        )
        for place, name in sorted(enumerate(judges), key=lambda found: found[1])
    )
