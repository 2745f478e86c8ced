"""Judges: how each agrees with the others, and decisions without some of them.

A judge is any label: a model, a provider and model, a person. Decisions of people and of LLMs are
fitted together by putting them in one list; leave judges out with `decisions_without`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from assessment.measurement.arrays import ArrayLike, BoolArray, FloatArray, IntArray
from assessment.measurement.bradley_terry import Fit, fit
from assessment.measurement.residuals import (
    chance_of_first,
    infit_against_the_rest,
    misfit_of_groups,
)

FALSE_ALARMS = 0.05
"""Share of sessions of judges who are all alike in which one or more are marked all the same."""

FEWEST = 3
"""Judges from which on one can be told from the others; of two, either may be the odd one."""


@dataclass(frozen=True)
class JudgeStatistics:
    """One judge.

    agreement           share of decisions for the item that the other judges' scores put higher;
                        None for a lone judge
    expected_agreement  the share to expect if the judge judged like the rest
    infit, outfit       misfit against the scores of all judges; 1 is expected
    first_share         share of decisions for the item shown first
    infit_z             standard errors by which infit stands above that of all other judges; None
                        with fewer than three judges
    misfits             infit_z beyond what chance brings one judge or more in 5 % of sessions
    """

    judge: str
    comparisons: int
    agreement: float | None
    expected_agreement: float | None
    infit: float
    outfit: float
    first_share: float
    infit_z: float | None
    misfits: bool


def judge_statistics(
    whole: Fit,
    first: ArrayLike,
    second: ArrayLike,
    first_won: ArrayLike,
    judges: Sequence[str],
) -> tuple[JudgeStatistics, ...]:
    """Statistics per judge, sorted by label, for the m decisions that `whole` was fitted to.

    `judges` (m,) names who made each. The consensus a judge is held against is refitted without
    that judge's decisions, under `whole.sigma`. Raises ValueError when lengths differ.
    """
    one, other = np.asarray(first, dtype=np.intp), np.asarray(second, dtype=np.intp)
    outcome = np.asarray(first_won, dtype=np.float64)
    if not one.size == other.size == outcome.size == len(judges):
        raise ValueError("decisions and judges differ in length")
    names, member = np.unique(np.asarray(judges, dtype=np.str_), return_inverse=True)
    chance = chance_of_first(whole.scores, one, other, whole.gamma)
    misfit = misfit_of_groups(names.size, member, outcome, chance)
    standardised = infit_z(names.size, member, outcome, chance)
    limit = misfit_limit(names.size)
    found = []
    for judge, name in enumerate(names):
        own = member == judge
        agreed, expected = None, None
        if names.size > 1:
            agreed, expected = _agreement(whole, one, other, outcome, own)
        found.append(
            JudgeStatistics(
                judge=str(name),
                comparisons=int(own.sum()),
                agreement=agreed,
                expected_agreement=expected,
                infit=float(misfit.infit[judge]),
                outfit=float(misfit.outfit[judge]),
                first_share=float(outcome[own].mean()),
                infit_z=standardised[judge],
                misfits=(standardised[judge] or 0.0) > limit,
            )
        )
    return tuple(found)


def infit_z(
    size: int, judge: IntArray, first_won: FloatArray, chance: FloatArray
) -> list[float | None]:
    """`JudgeStatistics.infit_z` of `size` judges; `judge` (m,) made the m decisions."""
    if size < FEWEST:
        return [None] * size
    found = infit_against_the_rest(size, judge, first_won, chance)
    return [float(z) if np.isfinite(z) else None for z in found]


def misfit_limit(judges: int) -> float:
    """The `infit_z` that the highest of so many judges, all alike, passes by chance in 5 % (Sidak,
    1967)."""
    return float(-ndtri(1.0 - (1.0 - FALSE_ALARMS) ** (1.0 / max(judges, 1))))


def decisions_without(judges: Sequence[str], excluded: Collection[str]) -> BoolArray:
    """Mask (m,) of the decisions to keep. Raises ValueError for a judge who made none."""
    labels = np.asarray(judges, dtype=np.str_)
    unknown = sorted(set(excluded) - set(labels.tolist()))
    if unknown:
        raise ValueError(f"no decisions by {', '.join(unknown)}")
    return ~np.isin(labels, sorted(excluded))


def _agreement(
    whole: Fit, one: ArrayLike, other: ArrayLike, outcome: FloatArray, own: BoolArray
) -> tuple[float, float]:
    first, second = np.asarray(one), np.asarray(other)
    sigma = whole.sigma if np.isfinite(whole.sigma) else None
    rest = fit(
        whole.n,
        first[~own],
        second[~own],
        outcome[~own],
        sigma=sigma,
        start=whole.scores,
        position_effect=whole.model.position_effect,
        compute_se=False,
    )
    lead = rest.scores[first[own]] - rest.scores[second[own]]
    agrees = np.where(lead > 0, outcome[own], np.where(lead < 0, 1.0 - outcome[own], 0.5))
    chance = chance_of_first(rest.scores, first[own], second[own])
    return float(agrees.mean()), float(np.maximum(chance, 1.0 - chance).mean())
