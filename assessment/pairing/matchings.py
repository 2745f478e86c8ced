"""Disjoint pairs, as many as can be had."""

from collections.abc import Callable, Sequence

import numpy as np

from assessment.pairing.orientation import Pair
from assessment.pairing.positions import STRICT

# Steps and candidates of one search for a seat; in dense graphs a few steps are enough.
STEPS = 200
SAMPLE = 200
# The share of a round that is enough not to let leads grow for the rest.
FULL_ENOUGH = 2 / 3

# (essay, essay, tolerance) -> whether the two may be paired; see positions.py for the tolerances.
Fits = Callable[[int, int, int], bool]


class Seating:
    """Disjoint pairs that can be rearranged to make room for an essay left over."""

    def __init__(
        self, fits: Fits, rank: Sequence[int], pairs: Sequence[Pair], rng: np.random.Generator
    ) -> None:
        """rank: (n,) how often each essay has taken part; those of lower rank come first."""
        self._fits = fits
        self._rank = rank
        self._rng = rng
        self._mate = dict(pairs) | {b: a for a, b in pairs}

    @property
    def pairs(self) -> list[Pair]:
        return [(a, b) for a, b in self._mate.items() if a < b]

    def __len__(self) -> int:
        return len(self._mate) // 2

    def fill(
        self, chosen: Sequence[int], substitutes: Sequence[int], limit: int, worst: int
    ) -> None:
        """Seat those of the `chosen` who have no partner, with `substitutes` where it takes them.

        Stops at `limit` pairs. Tries every tolerance up to `worst` in turn; once a round is nearly
        full, a lead grows only for the sake of an essay that is behind the others.
        """
        highest = max((self._rank[item] for item in chosen), default=0)
        for tolerance in range(STRICT, worst + 1):
            nearly_full = tolerance > STRICT and len(self) >= FULL_ENOUGH * limit
            for item in [*chosen, *substitutes]:
                if len(self) >= limit:
                    return
                if item not in self._mate and (not nearly_full or self._rank[item] < highest):
                    self.admit(item, [*chosen, *substitutes], tolerance)

    def admit(self, item: int, free: Sequence[int], tolerance: int = STRICT) -> bool:
        """Find `item` a partner; one of the `free` essays is seated too.

        A random alternating walk: the essay without a partner takes a free one if it can, else a
        seated one, whose partner then looks on. If that leads nowhere, an essay of higher rank met
        on the way stays out in place of `item`, or everything is left as it was.
        """
        fallback = self._mate.copy()
        rank = self._rank[item]
        replaced = False
        seated = list(self._mate)
        came_from = -1
        for _ in range(STEPS):
            for other in free:
                if other != item and other not in self._mate and self._fits(item, other, tolerance):
                    self._seat(item, other)
                    return True
            options = [
                other
                for other in self._drawn(seated)
                if other != came_from and other in self._mate and self._fits(item, other, tolerance)
            ]
            if not options:
                break
            taken = options[int(self._rng.integers(len(options)))]
            came_from = taken
            loser = self._mate.pop(taken)
            del self._mate[loser]
            self._seat(item, taken)
            item = loser
            if not replaced and self._rank[loser] > rank:
                fallback = self._mate.copy()
                replaced = True
        self._mate = fallback
        return False

    def _drawn(self, seated: list[int]) -> list[int]:
        if len(seated) <= SAMPLE:
            return seated
        return [seated[i] for i in self._rng.integers(len(seated), size=SAMPLE).tolist()]

    def _seat(self, a: int, b: int) -> None:
        self._mate[a] = b
        self._mate[b] = a
