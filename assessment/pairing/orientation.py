"""Which essay of a pair is named first.

An essay's lead is the number of times it was named first minus the number of times it was named
second. A wave is oriented as a whole: as pairs are chosen, the essay with the larger lead is named
second; once the wave is complete, chains of pairs are turned round while that evens out two leads.
"""

from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np

Pair = tuple[int, int]


def in_order(a: int, b: int, lead: Sequence[int], rng: np.random.Generator) -> Pair:
    """The pair with the essay of larger lead second; a seeded coin where they are equal."""
    if lead[a] != lead[b]:
        return (b, a) if lead[a] > lead[b] else (a, b)
    return coin(a, b, rng)


def coin(a: int, b: int, rng: np.random.Generator) -> Pair:
    """The pair in an order drawn by a fair coin."""
    return (a, b) if rng.random() < 0.5 else (b, a)


def level(ordered: Sequence[Pair], lead: Sequence[int]) -> list[Pair]:
    """Turn chains of pairs round until no turn brings the leads closer together.

    ordered: the pairs of a wave, first and second. lead: (n,) leads before the wave; not changed.

    Turning a chain u -> ... -> v (each named before the next) moves 2 of u's lead to v, which
    lowers the sum of squared leads exactly when u is more than 2 ahead of v. At the end no such
    chain is left, which makes the sum, and with it the largest lead, the smallest possible (minimum
    cost flows with convex costs: Ahuja, Magnanti & Orlin, 1993, chapter 14).
    """
    pairs = list(ordered)
    after = list(lead)
    # Dicts, not sets: their order is that of insertion on every platform.
    outgoing: list[dict[int, None]] = [{} for _ in lead]
    for index, (first, second) in enumerate(pairs):
        after[first] += 1
        after[second] -= 1
        outgoing[first][index] = None

    search = _Chains(pairs, outgoing, after)
    turned = True
    while turned and after and max(after) - min(after) > 2:
        turned = False
        lowest = min(after)
        for start in sorted(range(len(after)), key=lambda item: -after[item]):
            while after[start] - lowest > 2:
                chain = search.down(start)
                if not chain:
                    break
                search.turn(chain)
                turned = True
    return pairs


class _Chains:
    """Chains of pairs that can be turned round; remembers where there are none.

    barren: (n,) of each essay, the highest lead L for which it is known that no chain from it leads
    to an essay below L - 2. The essays of at least any one such L lead only to each other, so a
    search from a lead of L or less need not enter them: without them it finds the same chain.
    """

    def __init__(
        self, pairs: list[Pair], outgoing: list[dict[int, None]], after: list[int]
    ) -> None:
        self._pairs = pairs
        self._outgoing = outgoing
        self._after = after
        self._unknown = min(after, default=0) - 1
        self._barren = [self._unknown] * len(after)

    def down(self, start: int) -> list[int]:
        """Indices of the shortest chain of pairs from `start` to an essay more than 2 behind it."""
        pairs, outgoing, after, barren = self._pairs, self._outgoing, self._after, self._barren
        lead = after[start]
        if barren[start] >= lead:
            return []
        reached_by: dict[int, int] = {start: -1}
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for index in outgoing[here]:
                there = pairs[index][1]
                if there in reached_by or barren[there] >= lead:
                    continue
                reached_by[there] = index
                if lead - after[there] > 2:
                    chain = []
                    while there != start:
                        chain.append(reached_by[there])
                        there = pairs[reached_by[there]][0]
                    return chain[::-1]
                queue.append(there)
        for item in reached_by:
            barren[item] = lead
        return []

    def turn(self, chain: Sequence[int]) -> None:
        """Turn the pairs of a chain round, with what that does to the leads of its two ends."""
        ends = self._pairs[chain[0]][0], self._pairs[chain[-1]][1]
        self._forget({item for index in chain for item in self._pairs[index]})
        for index in chain:
            first, second = self._pairs[index]
            del self._outgoing[first][index]
            self._outgoing[second][index] = None
            self._pairs[index] = (second, first)
        self._after[ends[0]] -= 2
        self._after[ends[1]] += 2

    def _forget(self, turned: Iterable[int]) -> None:
        """What was known of the essays of a chain, or rested on it, holds no more."""
        known = max(self._barren[item] for item in turned)
        if known > self._unknown:
            self._barren = [self._unknown if at <= known else at for at in self._barren]
