"""Pairs that tie the separate parts of the comparison graph together."""

from collections.abc import Sequence

from assessment.pairing.lanes import Lane
from assessment.pairing.ledgers import Ledger
from assessment.pairing.orientation import Pair
from assessment.pairing.positions import ANY, STRICT, even_enough


def joining_pairs(ledger: Ledger, lane: Lane, priority: Sequence[int], limit: int) -> list[Pair]:
    """As many joins as one round can hold, at most `limit`; takes the essays used off the lane.

    Each essay of the lane is used once at most. Two parts with one free essay each make a part that
    nothing can be joined to in this round, so they meet only while the rest can still be joined:
    with c parts and f free essays among them, min(c - 1, floor(f / 2)) joins are possible.
    Essays whose leads have the same sign meet only if nothing else would join their parts.
    Merges `ledger.components` as it goes.
    """
    parts = ledger.components
    free: dict[int, int] = {}
    for item in lane:
        root = parts.find(item)
        free[root] = free.get(root, 0) + 1
    open_parts = len(free)
    free_total = len(lane)
    pairs: list[Pair] = []

    for tolerance in range(STRICT, ANY + 1):
        for item in priority:
            target = min(limit - len(pairs), open_parts - 1, free_total // 2)
            if target <= 0:
                return pairs
            if item not in lane:
                continue
            root = parts.find(item)
            if free[root] * 2 > free_total and open_parts > 2:
                # Every join has an end outside the largest part; starting there walks less far.
                continue
            spare = min(open_parts - 3, (free_total - 2) // 2) >= target - 1 or open_parts == 2

            def fits(
                other: int,
                item: int = item,
                root: int = root,
                spare: bool = spare,
                tolerance: int = tolerance,
            ) -> bool:
                there = parts.find(other)
                return (
                    there != root
                    and (spare or free[root] + free[there] > 2)
                    and even_enough(ledger, item, other, tolerance)
                    and ledger.admits(item, other)
                )

            partner = lane.nearest(item, fits)
            if partner is None:
                continue
            there = parts.find(partner)
            left = free.pop(root) + free.pop(there) - 2
            parts.join(item, partner)
            open_parts -= 2
            if left:
                free[parts.find(item)] = left
                open_parts += 1
            free_total -= 2
            lane.remove(item)
            lane.remove(partner)
            pairs.append((item, partner))
    return pairs
