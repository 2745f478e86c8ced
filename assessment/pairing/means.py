"""A wave within a batch's means: where money may end it, all essays are connected first."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from assessment.pairing.components import Components
from assessment.pairing.states import IntArray, PairingState
from assessment.pairing.waves import NO_BLOCK, WavePlan


@dataclass(frozen=True)
class Price:
    """USD of a wave: likely, and with the longest answers that its calls allow."""

    likely: Decimal
    at_most: Decimal


@dataclass(frozen=True)
class Means:
    """What a money cap leaves, in USD, and what a wave would cost; None where nobody knows."""

    left: Decimal
    price: Callable[[WavePlan], Price | None]


# What is left of a live batch's money for estimates that are too low, and for the last calls, each
# of which must fit with the longest answer.
LIVE_SHARE = Decimal(2) / 3


def wave_within(
    means: Means, state: PairingState, planned: Callable[[int, bool], WavePlan], size: int
) -> WavePlan:
    """A wave of at most `size` pairs, of which all are likely to be paid for.

    planned: the wave of at most so many pairs; True: one that connects all essays. A wave is as
    large as ever once all essays are connected, and while the money is enough for two of it. A wave
    with pairs for a tree of all essays is made no smaller than that.
    """
    links = _parts(state) - 1
    plan = planned(size, False)
    if links <= 0 or not _tight(means, plan):
        return plan
    return _cut(planned(size, True), links, means.left * LIVE_SHARE, means, planned)


def single_wave_within(
    means: Means, state: PairingState, planned: Callable[[int, bool], WavePlan], size: int
) -> WavePlan:
    """As `wave_within` for a batch of one wave: what that leaves unspent buys nothing more."""
    return _cut(planned(size, True), _parts(state) - 1, means.left, means, planned)


def _parts(state: PairingState) -> int:
    parts = Components(state.n)
    for a, b in zip(state.first.tolist(), state.second.tolist(), strict=True):
        parts.join(a, b)
    return parts.count


def _tight(means: Means, plan: WavePlan) -> bool:
    price = means.price(plan)
    return price is not None and 2 * price.at_most > means.left


def _cut(
    plan: WavePlan,
    links: int,
    money: Decimal,
    means: Means,
    planned: Callable[[int, bool], WavePlan],
) -> WavePlan:
    """Smaller waves until one is likely to cost no more than `money`, or is a tree."""
    while len(plan) > max(links, 1):
        price = means.price(plan)
        if price is None or price.likely <= money:
            break
        size = min(len(plan) - 1, int(len(plan) * max(money, Decimal(0)) / price.likely))
        plan = planned(max(links, 1, size), True)
    # A call that a cap cuts short is then of few texts, and of essays that are connected.
    return replace(plan, pairs=_grown(plan.pairs)) if np.all(plan.groups == NO_BLOCK) else plan


def _grown(pairs: IntArray) -> IntArray:
    """The same ordered pairs (k, 2), each with an essay of those before it while there is one."""
    at: dict[int, list[int]] = defaultdict(list)
    for index, (a, b) in enumerate(pairs.tolist()):
        at[a].append(index)
        at[b].append(index)
    order: dict[int, None] = {}
    reached: set[int] = set()
    for start in at:
        row = [start]
        while row:
            item = row.pop()
            if item in reached:
                continue
            reached.add(item)
            for index in at[item]:
                order[index] = None
                row.extend(pairs[index].tolist())
    return pairs[list(order)]
