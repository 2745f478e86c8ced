"""Pairs shown in both orders: does the verdict stay?"""

from dataclasses import dataclass

import numpy as np

from assessment.measurement.arrays import ArrayLike
from assessment.measurement.comparisons import gather

NORMAL_95 = 1.959964


@dataclass(frozen=True)
class OrderAgreement:
    """`pairs` seen in both orders, the share of them with the same winner both times.

    `low`, `high`: 95 % Wilson interval. `first_share` is how often the item shown first won, over
    all decisions. The shares are None without data. Agreement measures repeatability of verdicts
    on these pairs: low when pairs are close, whatever the judge.
    """

    pairs: int
    agreement: float | None
    low: float | None
    high: float | None
    first_share: float | None


def order_agreement(
    n: int, first: ArrayLike, second: ArrayLike, first_won: ArrayLike
) -> OrderAgreement:
    """Compare the verdicts on A before B with those on B before A, for m decisions.

    A pair judged several times in an order counts once, by the share of its (AB, BA) couples of
    decisions that agree.
    """
    pairs = gather(n, first, second, first_won)
    total = pairs.total
    share = float(pairs.won.sum() / total) if total else None
    one, other = pairs.mirrored
    count = one.size
    if count == 0:
        return OrderAgreement(0, None, None, None, share)
    rate = pairs.won / pairs.count
    forward, backward = rate[one], 1.0 - rate[other]
    same = forward * backward + (1 - forward) * (1 - backward)
    low, high = wilson(float(same.mean()), count)
    return OrderAgreement(count, float(same.mean()), low, high, share)


def wilson(share: float, count: int) -> tuple[float, float]:
    """95 % interval of a share of `count` trials (Wilson, 1927)."""
    square = NORMAL_95**2
    centre = (share + square / (2 * count)) / (1 + square / count)
    variance = share * (1 - share) / count + square / (4 * count**2)
    reach = NORMAL_95 * float(np.sqrt(variance)) / (1 + square / count)
    return max(0.0, centre - reach), min(1.0, centre + reach)
