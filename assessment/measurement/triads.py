"""Circular triads: A beats B, B beats C, C beats A."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array

from assessment.measurement.arrays import ArrayLike
from assessment.measurement.comparisons import gather

BY_CHANCE = 0.25


@dataclass(frozen=True)
class Triads:
    """Of `complete` triples whose three pairs were all decided, `circular` go round.

    `share` is circular / complete, 0 for perfectly consistent verdicts and 0.25 for coin tosses;
    None without complete triples. Close pairs go round more often, so the share says nothing
    about judges when pairs were chosen to be close.
    """

    complete: int
    circular: int
    share: float | None


def circular_triads(n: int, first: ArrayLike, second: ArrayLike, first_won: ArrayLike) -> Triads:
    """Count over m decisions (Kendall & Babington Smith, 1940), each pair by its majority.

    A pair with as many wins on both sides counts as not decided.
    """
    pairs = gather(n, first, second, first_won)
    lead = pairs.won - pairs.count / 2
    margin = csr_array(coo_array((lead, (pairs.first, pairs.second)), shape=(n, n)))
    margin = margin - margin.T
    beats = csr_array(margin > 1e-12).astype(np.int64)
    met = csr_array(beats + beats.T)
    circular = int((csr_array(beats @ beats).multiply(beats.T)).sum()) // 3
    complete = int((csr_array(met @ met).multiply(met)).sum()) // 6
    return Triads(complete, circular, circular / complete if complete else None)
