"""Disjoint pairs that are expected to tell most, with a share of random ones among them."""

from collections.abc import Sequence

import numpy as np

from assessment.pairing.ledgers import Ledger
from assessment.pairing.orientation import Pair
from assessment.pairing.positions import STRICT, even_enough
from assessment.pairing.prospects import Prospects
from assessment.pairing.states import IntArray

# Shares of random pairs (DESIGN, section 7), so that a graph does not fall into two halves that
# hardly ever meet, and reliability stays checkable.
EARLY_SHARE = 0.30
LATE_SHARE = 0.05
# Comparisons per essay that count as early: seven waves of n/2.
EARLY = 7.0
# Below this resolution scores do not say who is close to whom, and all pairs are random. Without
# it, 60 essays of true SD 1.0 that look alike by chance met only those they looked like, and
# their spread stayed hidden: 12 of 100 batches had no reliability to print at 9 comparisons each.
RESOLVED = 0.4
# Up to so many essays in a round, all pairs are weighed; above, each with its near neighbours.
ALL_PAIRS_LIMIT = 1000
NEIGHBOURS = 40
DECIMALS = 9


def random_count(ledger: Ledger, prospects: Prospects, size: int, rng: np.random.Generator) -> int:
    """How many of `size` pairs are to be random; the fraction left over is drawn for."""
    if prospects.resolution < RESOLVED:
        return size
    early = 2 * ledger.pairs_shown < EARLY * ledger.n
    wanted = size * (EARLY_SHARE if early else LATE_SHARE)
    return int(wanted) + int(rng.random() < wanted % 1.0)


def telling_pairs(
    ledger: Ledger,
    prospects: Prospects,
    chosen: Sequence[int],
    limit: int,
    rng: np.random.Generator,
) -> list[Pair]:
    """At most `limit` disjoint new pairs of `chosen` essays that keep positions even (STRICT)."""
    share = random_count(ledger, prospects, limit, rng)
    pairs = _random_pairs(ledger, chosen, share, rng)
    taken = {item for pair in pairs for item in pair}
    rest = np.array([item for item in chosen if item not in taken], dtype=np.int64)
    return pairs + _best_pairs(ledger, prospects, rest, limit - len(pairs), rng)


def _random_pairs(
    ledger: Ledger, chosen: Sequence[int], count: int, rng: np.random.Generator
) -> list[Pair]:
    """Up to `count` pairs of essays drawn at random."""
    row = [chosen[index] for index in rng.permutation(len(chosen)).tolist()]
    pairs: list[Pair] = []
    while len(pairs) < count and row:
        item = row.pop()
        for place in range(len(row) - 1, -1, -1):
            other = row[place]
            if even_enough(ledger, item, other, STRICT) and ledger.admits(item, other):
                pairs.append((item, other))
                del row[place]
                break
    return pairs


def _best_pairs(
    ledger: Ledger, prospects: Prospects, items: IntArray, limit: int, rng: np.random.Generator
) -> list[Pair]:
    """Greedy matching: the pair of largest gain, then the best of those left, and so on.

    Equal gains go by lot; rounding keeps the last bits of a matrix product out of the choice.
    """
    a, b = _candidates(prospects, items)
    if ledger.balanced:
        lead = np.asarray(ledger.lead)
        even = lead[a] * lead[b] <= 0
        a, b = a[even], b[even]
    order = np.lexsort((rng.random(len(a)), -prospects.gains(a, b).round(DECIMALS)))
    free = set(items.tolist())
    pairs: list[Pair] = []
    for first, second in zip(a[order].tolist(), b[order].tolist(), strict=True):
        if len(pairs) >= limit:
            break
        if first in free and second in free and ledger.admits(first, second):
            free -= {first, second}
            pairs.append((first, second))
    return pairs


def _candidates(prospects: Prospects, items: IntArray) -> tuple[IntArray, IntArray]:
    """The pairs to weigh: gains fall with distance, so neighbours are enough in large rounds."""
    if len(items) <= ALL_PAIRS_LIMIT:
        upper, lower = np.triu_indices(len(items), 1)
        return items[upper], items[lower]
    row = items[np.argsort(prospects.scores[items], kind="stable")]
    steps = range(1, NEIGHBOURS + 1)
    return (
        np.concatenate([row[:-step] for step in steps]),
        np.concatenate([row[step:] for step in steps]),
    )
