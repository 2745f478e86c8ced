"""COVERAGE in single pairs: least-compared essays first, in rounds of disjoint pairs."""

from collections.abc import Sequence

import numpy as np

from assessment.pairing.adaptive import telling_pairs
from assessment.pairing.closeness import places
from assessment.pairing.joins import joining_pairs
from assessment.pairing.lanes import Lane
from assessment.pairing.ledgers import Ledger
from assessment.pairing.matchings import Fits, Seating
from assessment.pairing.orientation import Pair
from assessment.pairing.positions import ANY, LENIENT, STRICT, even_enough
from assessment.pairing.prospects import Prospects
from assessment.pairing.states import FloatArray


def single_pairs(
    ledger: Ledger,
    scores: FloatArray | None,
    size: int,
    rng: np.random.Generator,
    prospects: Prospects | None = None,
) -> list[Pair]:
    """Up to `size` pairs that have not been shown, in the order to show them; recorded in `ledger`.

    An essay is in one pair at most unless `size` exceeds what disjoint pairs can fill; then the
    wave is made of rounds. Every round first joins what the graph leaves apart.
    prospects: choose by what a pair is expected to tell (`adaptive`) instead of by closeness.
    """
    unmet = ledger.unmet_count()
    if size <= 0 or unmet == 0:
        return []
    if size >= unmet and size > ledger.disjoint_pairs:
        return _all_pairs(ledger, rng)
    wave: list[Pair] = []
    while len(wave) < size:
        limit = min(size - len(wave), ledger.disjoint_pairs)
        pairs = _round(ledger, scores, limit, rng, LENIENT, prospects)
        if not pairs and not wave:
            # Only pairs of two essays far out on one side are left: better uneven than never.
            pairs = _round(ledger, scores, limit, rng, ANY, prospects)
        if not pairs:
            break
        wave.extend(ledger.add(a, b, rng) for a, b in pairs)
        if size <= ledger.disjoint_pairs:
            break
        if prospects:
            prospects.foresee(pairs)
    return wave


def _all_pairs(ledger: Ledger, rng: np.random.Generator) -> list[Pair]:
    pairs = list(ledger.unmet())
    shuffled = [pairs[index] for index in rng.permutation(len(pairs)).tolist()]
    return [ledger.add(a, b, rng) for a, b in shuffled]


def _round(
    ledger: Ledger,
    scores: FloatArray | None,
    limit: int,
    rng: np.random.Generator,
    worst: int,
    prospects: Prospects | None,
) -> list[Pair]:
    """One set of disjoint new pairs; `worst` bounds what it may do to a lead."""
    priority = [
        item
        for item in np.lexsort((rng.random(ledger.n), np.asarray(ledger.counts))).tolist()
        if not ledger.saturated(item)
    ]
    chosen = _participants(ledger, priority, limit)
    place = places(ledger.n, scores, rng).tolist()
    joins = joining_pairs(ledger, Lane(chosen, place), chosen, limit)
    if len(joins) < limit and not ledger.connected:
        # Where anchors may not meet, some parts can be joined by essays not chosen only.
        rest = _without(priority, joins)
        joins += joining_pairs(ledger, Lane(rest, place), rest, limit - len(joins))
    room = limit - len(joins)
    chosen, everybody = _without(chosen, joins), _without(priority, joins)

    def fits(a: int, b: int, tolerance: int) -> bool:
        return even_enough(ledger, a, b, tolerance) and ledger.admits(a, b)

    wanted = telling_pairs(ledger, prospects, chosen, room, rng) if prospects else []
    rest = _without(chosen, wanted)
    wanted += _neighbour_pairs(fits, Lane(rest, place), rest, room - len(wanted))
    seating = Seating(fits, ledger.counts, wanted, rng)
    taking_part = set(chosen)
    seating.fill(chosen, [i for i in everybody if i not in taking_part], room, worst)
    return joins + seating.pairs


def _without(items: Sequence[int], pairs: Sequence[Pair]) -> list[int]:
    taken = {item for pair in pairs for item in pair}
    return [item for item in items if item not in taken]


def _neighbour_pairs(fits: Fits, lane: Lane, chosen: Sequence[int], limit: int) -> list[Pair]:
    """Up to `limit` pairs: each essay still on the lane takes its nearest partner there."""
    pairs: list[Pair] = []
    for item in chosen:
        if len(pairs) >= limit:
            break
        if item not in lane:
            continue

        def suits(other: int, item: int = item) -> bool:
            return fits(item, other, STRICT)

        partner = lane.nearest(item, suits)
        if partner is not None:
            lane.remove(item)
            lane.remove(partner)
            pairs.append((item, partner))
    return pairs


def _participants(ledger: Ledger, priority: Sequence[int], limit: int) -> list[int]:
    """The 2 * limit essays of a round, in the order they are served.

    Least compared first; but while the graph is in parts, one essay of each of as many parts as
    `limit` pairs can join has a place before that.
    """
    parts = ledger.components
    wanted = min(parts.count, limit + 1) if parts.count > 1 else 0
    places_of_parts: dict[int, int] = {}
    for item in priority:
        if len(places_of_parts) >= wanted:
            break
        places_of_parts.setdefault(parts.find(item), item)
    chosen = set(places_of_parts.values())
    for item in priority:
        if len(chosen) >= 2 * limit:
            break
        chosen.add(item)
    # Whoever may meet students only is served first, while there are students left.
    return sorted(
        (item for item in priority if item in chosen), key=lambda item: not ledger.restricted(item)
    )
