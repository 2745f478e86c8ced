"""Chains of pairs are turned round until no turn evens out two leads, however many there are."""

import numpy as np

from assessment.pairing.orientation import level


def leads(pairs, lead):
    after = list(lead)
    for first, second in pairs:
        after[first] += 1
        after[second] -= 1
    return after


def reachable(pairs, start):
    """Essays at the end of a chain from `start`, searched without any memory of other searches."""
    found, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for first, second in pairs:
            if first == here and second not in found:
                found.add(second)
                waiting.append(second)
    return found


def test_no_chain_is_left_that_could_be_turned() -> None:
    """What a search has ruled out may be passed over by later ones, and by no others."""
    rng = np.random.default_rng(11)
    for _ in range(150):
        n = int(rng.integers(2, 16))
        lead = (2 * rng.integers(-4, 5, n)).tolist()
        pairs = [tuple(rng.permutation(n)[:2].tolist()) for _ in range(int(rng.integers(1, 4 * n)))]
        turned = level(pairs, lead)
        assert [frozenset(pair) for pair in turned] == [frozenset(pair) for pair in pairs]
        after = leads(turned, lead)
        for item in range(n):
            assert all(after[item] - after[end] <= 2 for end in reachable(turned, item))
