"""Dealing comparisons to judges: evenly, from the seed."""

from collections.abc import Sequence

import numpy as np


def deal(groups: Sequence[int], judges: int, *, seed: int, wave: int) -> list[int]:
    """A judge's index for each comparison, so that each judge gets as many as any other.

    `groups[i]` is the block of comparison i, or -1; a block goes to one judge whole, so that it
    can be one call. Shares differ by at most one comparison, or one block.
    """
    if judges == 1:
        return [0] * len(groups)
    units: dict[tuple[str, int], list[int]] = {}
    for index, group in enumerate(groups):
        key = ("single", index) if group < 0 else ("block", group)
        units.setdefault(key, []).append(index)
    order = list(units.values())
    rng = np.random.default_rng(np.random.SeedSequence([seed & (2**63 - 1), wave, 0xDEA1]))
    rng.shuffle(order)
    load = [0] * judges
    start = int(rng.integers(judges))
    dealt = [0] * len(groups)
    for unit in sorted(order, key=len, reverse=True):
        judge = min(range(judges), key=lambda j: (load[j], (j - start) % judges))
        load[judge] += len(unit)
        for index in unit:
            dealt[index] = judge
    return dealt
