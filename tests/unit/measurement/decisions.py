"""Simulated decisions: true scores, who met whom, who won."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from assessment.measurement.bradley_terry import fit

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Session:
    """True scores (n,) and m decisions."""

    truth: Floats
    first: Ints
    second: Ints
    first_won: NDArray[np.bool_]

    @property
    def n(self) -> int:
        return self.truth.size

    @property
    def decisions(self) -> tuple[int, Ints, Ints, NDArray[np.bool_]]:
        return self.n, self.first, self.second, self.first_won


def simulate(
    n: int, per_item: int, sd: float, seed: int, *, gamma: float = 0.0, closest: bool = False
) -> Session:
    """Rounds in which every item meets one other, at random or the one closest in score."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0.0, sd, n)
    met = np.eye(n, dtype=bool)
    first: list[int] = []
    second: list[int] = []
    won: list[bool] = []
    scores = np.zeros(n)
    for _ in range(per_item):
        order = np.lexsort((rng.random(n), scores)) if closest else rng.permutation(n)
        pairs = (
            _closest(order, met) if closest else list(zip(order[::2], order[1::2], strict=False))
        )
        for one, other in pairs:
            if rng.random() < 0.5:
                one, other = other, one
            first.append(int(one))
            second.append(int(other))
            won.append(bool(rng.random() < expit(truth[one] - truth[other] + gamma)))
        if closest:
            scores = fit(n, first, second, won, sigma=1.0, compute_se=False).scores
    return Session(truth, np.array(first), np.array(second), np.array(won))


def _closest(order: Ints, met: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Neighbours in rank that have not met; an item without such a partner sits out."""
    left = list(order)
    pairs = []
    while left:
        one = left.pop(0)
        partner = next((other for other in left if not met[one, other]), None)
        if partner is None:
            continue
        left.remove(partner)
        met[one, partner] = met[partner, one] = True
        pairs.append((one, partner))
    return pairs


def round_robin(n: int, sd: float, seed: int) -> Session:
    """Every pair once, in random order of display."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0.0, sd, n)
    one, other = np.triu_indices(n, 1)
    swap = rng.random(one.size) < 0.5
    first, second = np.where(swap, other, one), np.where(swap, one, other)
    won = rng.random(one.size) < expit(truth[first] - truth[second])
    return Session(truth, first, second, won)


def consistent(n: int, per_item: int, seed: int) -> Session:
    """Rounds of random pairs in which the better item (the higher number) always wins."""
    session = simulate(n, per_item, 1.0, seed)
    return Session(
        np.arange(float(n)), session.first, session.second, session.first > session.second
    )
