"""Rank correlations of resampled items, all samples at once.

A sample is a row of places (m, n) of the items that it drew. What is summed over pairs of drawn
items is summed over pairs of items here, each as often as it was drawn, so that a thousand samples
are a few products of matrices.
"""

import numpy as np

from assessment.measurement.arrays import FloatArray, IntArray

MATRIX_LIMIT = 1_500
"""Items up to which all pairs are held against each other; above, scipy sorts sample by sample."""


def tau_b(
    one: FloatArray | IntArray, other: FloatArray | IntArray, rows: IntArray | None = None
) -> FloatArray:
    """Kendall's tau-b (1945) of two values of each item (n,) in each sample of `rows` (m, n): (m,).

    Without `rows` of the items as they are: (1,). nan where either value is constant in a sample.
    """
    if len(one) > MATRIX_LIMIT:
        return _sorted_tau_b(one, other, np.arange(len(one))[None] if rows is None else rows)
    drawn = _times_drawn(len(one), rows)
    mine = np.sign(one[:, None] - one)
    theirs = np.sign(other[:, None] - other)
    return _ratio(
        *(((drawn @ signs) * drawn).sum(axis=1) for signs in (mine * theirs, mine**2, theirs**2))
    )


def _sorted_tau_b(
    one: FloatArray | IntArray, other: FloatArray | IntArray, rows: IntArray
) -> FloatArray:
    # Here, since it takes half a second to load and few commands come this far.
    from scipy.stats import kendalltau

    return np.array([kendalltau(one[row], other[row]).statistic for row in rows], dtype=np.float64)


def spearman(
    one: FloatArray | IntArray, other: FloatArray | IntArray, rows: IntArray | None = None
) -> FloatArray:
    """Spearman's rank correlation, with mean ranks for ties; shapes and nan as of `tau_b`."""
    drawn = _times_drawn(len(one), rows)
    mine, theirs = _centred_ranks(one, drawn), _centred_ranks(other, drawn)
    return _ratio(
        (drawn * mine * theirs).sum(axis=1),
        (drawn * mine**2).sum(axis=1),
        (drawn * theirs**2).sum(axis=1),
    )


def _times_drawn(n: int, rows: IntArray | None) -> FloatArray:
    """How often each sample drew each item: (m, n)."""
    if rows is None:
        return np.ones((1, n))
    m = len(rows)
    places = rows + n * np.arange(m)[:, None]
    return np.bincount(places.ravel(), minlength=m * n).reshape(m, n).astype(np.float64)


def _centred_ranks(values: FloatArray | IntArray, drawn: FloatArray) -> FloatArray:
    """The rank of each item among the drawn ones, less the mean rank: (m, n)."""
    kinds, kind = np.unique(values, return_inverse=True)
    order = np.argsort(values, kind="stable")
    begins = np.searchsorted(values[order], kinds)
    size = np.add.reduceat(drawn[:, order], begins, axis=1)
    last = size.cumsum(axis=1)
    mean = last - (size - 1) / 2
    of_kinds = mean - (drawn.sum(axis=1, keepdims=True) + 1) / 2
    of_items: FloatArray = of_kinds[:, kind]
    return of_items


def _ratio(both: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    # These are whole or quarter numbers, so what is constant is 0 and not almost 0.
    scale = np.sqrt(first) * np.sqrt(second)
    found = np.full(len(both), np.nan)
    np.divide(both, scale, out=found, where=scale > 0)
    return found
