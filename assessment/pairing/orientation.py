"""Which essay of a pair is named first.

An essay's lead is the number of times it was named first minus the number of times it was named
second. A wave is oriented as a whole: as pairs are chosen, the essay with the larger lead is named
second; once the wave is complete, chains of pairs are turned round while that evens out two leads.
"""

from collections import deque
from collections.abc import Sequence

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

    turned = True
    while turned and after and max(after) - min(after) > 2:
        turned = False
        lowest = min(after)
        for start in sorted(range(len(after)), key=lambda item: -after[item]):
            while after[start] - lowest > 2:
                chain = _chain_down(start, pairs, outgoing, after)
                if not chain:
                    break
                end = pairs[chain[-1]][1]
                for index in chain:
                    first, second = pairs[index]
                    del outgoing[first][index]
                    outgoing[second][index] = None
                    pairs[index] = (second, first)
                after[start] -= 2
                after[end] += 2
                turned = True
    return pairs


def _chain_down(
    start: int, pairs: list[Pair], outgoing: list[dict[int, None]], after: list[int]
) -> list[int]:
    """Indices of the shortest chain of pairs from `start` to an essay more than 2 behind it."""
    reached_by: dict[int, int] = {start: -1}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for index in outgoing[here]:
            there = pairs[index][1]
            if there in reached_by:
                continue
            reached_by[there] = index
            if after[start] - after[there] > 2:
                chain = []
                while there != start:
                    chain.append(reached_by[there])
                    there = pairs[reached_by[there]][0]
                return chain[::-1]
            queue.append(there)
    return []
