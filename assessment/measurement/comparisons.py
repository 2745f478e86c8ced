"""Decisions as arrays: checked, and added up per ordered pair."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from assessment.measurement.arrays import ArrayLike, BoolArray, FloatArray, IntArray

TABLE_LIMIT = 2_000
"""Up to this many items, pairs are added up in an n by n table; above it, by a sparse matrix."""


@dataclass(frozen=True, repr=False, eq=False)
class Comparisons:
    """Decisions over `n` items, one entry per ordered pair (first, second) that was shown.

    `first`, `second`, `count` and `won` have one entry a pair, sorted by first, then second: how
    often (or with what weight) it was shown in this order, and how often the first item won. A tie
    counts as half a win.
    """

    n: int
    first: IntArray
    second: IntArray
    count: FloatArray
    won: FloatArray

    @cached_property
    def shown(self) -> FloatArray:
        """Decisions each item took part in, shape (n,)."""
        return self._per_item(self.count, self.count)

    @cached_property
    def wins(self) -> FloatArray:
        """Decisions each item won, shape (n,)."""
        return self._per_item(self.won, self.count - self.won)

    @cached_property
    def total(self) -> float:
        """All decisions, or the sum of their weights."""
        return float(self.count.sum())

    @cached_property
    def layout(self) -> tuple[NDArray[np.signedinteger[Any]], NDArray[np.signedinteger[Any]]]:
        """Columns (p,) and row starts (n + 1,) of a sparse matrix with one entry per pair."""
        starts = np.concatenate([[0], np.cumsum(np.bincount(self.first, minlength=self.n))])
        kind = np.int32 if max(self.n, self.first.size) < 2**31 else np.int64
        return self.second.astype(kind), starts.astype(kind)

    @cached_property
    def mirrored(self) -> tuple[IntArray, IntArray]:
        """Places of pairs shown in both orders: (lower item first, higher item first)."""
        key, turned = self.first * self.n + self.second, self.second * self.n + self.first
        if not key.size:
            return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
        place = np.minimum(np.searchsorted(key, turned), key.size - 1)
        both = np.flatnonzero((key[place] == turned) & (self.first < self.second))
        return both, place[both]

    def sum_by_first(self, amounts: FloatArray) -> FloatArray:
        """Sum over the pairs in which each item came first, (n,); quick, as pairs are sorted."""
        sums = np.zeros(self.n)
        filled, starts = self._filled
        if filled.size:
            sums[filled] = np.add.reduceat(amounts, starts)
        return sums

    def sum_by_second(self, amounts: FloatArray) -> FloatArray:
        """Sum over the pairs in which each item came second, (n,)."""
        return tally(self.second, amounts, self.n)

    @cached_property
    def components(self) -> tuple[int, IntArray]:
        """Number of connected parts of the comparison graph and the part of each item, (n,)."""
        parts, labels = connected_components(self._graph(self.count > 0), directed=False)
        return int(parts), np.asarray(labels, dtype=np.intp)

    def maximum_likelihood_exists(self, fixed: BoolArray) -> bool:
        """Whether finite scores maximise the plain likelihood (Ford, 1957).

        It takes a chain of wins from every item to every other; fixed items count as one item.
        """
        won, lost = self.won > 0, self.count - self.won > 0
        node = np.arange(self.n)
        if fixed.any():
            node[fixed] = int(np.flatnonzero(fixed)[0])
        winner = np.concatenate([node[self.first[won]], node[self.second[lost]]])
        loser = np.concatenate([node[self.second[won]], node[self.first[lost]]])
        graph = coo_array((np.ones(winner.size), (winner, loser)), shape=(self.n, self.n))
        labels = connected_components(graph, connection="strong")[1]
        return bool(np.unique(labels[np.unique(node)]).size <= 1)

    @cached_property
    def _filled(self) -> tuple[IntArray, IntArray]:
        """The items that came first anywhere, and where the pairs of each begin."""
        starts = self.layout[1]
        filled = np.flatnonzero(np.diff(starts))
        return filled, starts[filled]

    def _graph(self, used: BoolArray) -> csr_array:
        links = (self.first[used], self.second[used])
        return coo_array((np.ones(links[0].size), links), shape=(self.n, self.n)).tocsr()

    def _per_item(self, to_first: FloatArray, to_second: FloatArray) -> FloatArray:
        return self.sum_by_first(to_first) + self.sum_by_second(to_second)


def tally(places: IntArray, amounts: FloatArray, size: int) -> FloatArray:
    """Sum of the amounts that fall on each of the places 0..size-1."""
    return np.asarray(np.bincount(places, amounts, size), dtype=np.float64)


def gather(
    n: int,
    first: ArrayLike,
    second: ArrayLike,
    first_won: ArrayLike,
    weights: ArrayLike | None = None,
) -> Comparisons:
    """Check m decisions over items 0..n-1 and add them up per ordered pair.

    `first` and `second` hold item numbers (m,), `first_won` truth values or numbers from 0 to 1
    (0.5 is a tie), `weights` numbers >= 0 (one by default). Raises ValueError when lengths differ,
    an item is unknown or meets itself, or an outcome or a weight is out of range.
    """
    if n < 0:
        raise ValueError(f"the number of items must not be negative, got {n}")
    a, b = _items(n, first, "first"), _items(n, second, "second")
    outcome = np.atleast_1d(np.asarray(first_won, dtype=np.float64))
    if not a.size == b.size == outcome.size:
        raise ValueError(
            f"first, second and first_won differ in length: {a.size}, {b.size}, {outcome.size}"
        )
    if outcome.size and not bool(((outcome >= 0) & (outcome <= 1)).all()):
        raise ValueError("first_won must lie between 0 and 1")
    if bool((a == b).any()):
        raise ValueError("an item cannot be compared with itself")
    if weights is None:
        return _add_up(n, a, b, np.ones(a.size), outcome)
    weight = np.atleast_1d(np.asarray(weights, dtype=np.float64))
    if weight.size != a.size:
        raise ValueError(f"weights has length {weight.size}, expected {a.size}")
    if not bool((np.isfinite(weight) & (weight >= 0)).all()):
        raise ValueError("weights must be finite and not negative")
    used = weight > 0
    return _add_up(n, a[used], b[used], weight[used], (weight * outcome)[used])


def _items(n: int, numbers: ArrayLike, name: str) -> IntArray:
    items = np.atleast_1d(np.asarray(numbers))
    if items.size == 0:
        return np.zeros(0, dtype=np.intp)
    if items.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold whole item numbers")
    if items.min() < 0 or items.max() >= n:
        raise ValueError(f"{name} holds an item outside 0..{n - 1}")
    return items.astype(np.intp, copy=False)


def _add_up(n: int, a: IntArray, b: IntArray, weight: FloatArray, won: FloatArray) -> Comparisons:
    if n <= TABLE_LIMIT:
        key = a * n + b
        if n * n > 8 * key.size:
            pairs, place = np.unique(key, return_inverse=True)
            count = tally(place, weight, pairs.size)
            wins = tally(place, won, pairs.size)
        else:
            table = tally(key, weight, n * n)
            pairs = np.flatnonzero(table)
            count, wins = table[pairs], tally(key, won, n * n)[pairs]
        return Comparisons(n, pairs // n, pairs % n, count, wins)
    # One complex matrix adds up both numbers in a single pass.
    matrix = csr_array(coo_array((weight + 1j * won, (a, b)), shape=(n, n)))
    rows = np.repeat(np.arange(n), np.diff(matrix.indptr))
    columns = matrix.indices.astype(np.intp, copy=False)
    return Comparisons(n, rows, columns, matrix.data.real.copy(), matrix.data.imag.copy())
