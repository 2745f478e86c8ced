"""Pairs named by the caller, in the caller's order, with repeats: nothing is generated."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from assessment.pairing.states import IntArray


def specified_pairs(pairs: Iterable[tuple[str, str]], index: Mapping[str, int]) -> IntArray:
    """The listed pairs as indices (k, 2), first and second as given.

    pairs: ids of the essays of each comparison, the one to be named first first.
    index: id -> index of every essay of the batch.

    Raises ValueError, naming the position in the list, for an unknown id or an essay paired with
    itself, and for an empty list.
    """
    rows: list[tuple[int, int]] = []
    for position, (first, second) in enumerate(pairs, start=1):
        for essay in (first, second):
            if essay not in index:
                raise ValueError(f"pair {position}: there is no essay {essay!r} in this batch")
        if index[first] == index[second]:
            raise ValueError(f"pair {position}: essay {first!r} is paired with itself")
        rows.append((index[first], index[second]))
    if not rows:
        raise ValueError("the list of pairs is empty")
    return np.array(rows, dtype=np.int64)


def next_specified(pairs: Sequence[Sequence[int]], sent: int, size: int) -> IntArray:
    """The ordered pairs (k, 2) of the next wave: at most `size` of `pairs`, after the `sent` first.

    Empty when all have been sent. Raises ValueError for a negative count.
    """
    if sent < 0 or size < 0:
        raise ValueError(f"counts cannot be negative: {sent} sent, {size} wanted")
    return np.array(pairs[sent : sent + size], dtype=np.int64).reshape(-1, 2)
