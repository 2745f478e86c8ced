"""COVERAGE in blocks: few essays, all pairs among them, one provider call (DESIGN, section 7)."""

from collections.abc import Sequence

import numpy as np

from assessment.pairing.closeness import places
from assessment.pairing.ledgers import Ledger
from assessment.pairing.orientation import Pair
from assessment.pairing.states import FloatArray

SMALLEST_BLOCK = 3
# How many blocks' worth of neighbours are looked at for the next member of a block.
REACH = 3


def block_sizes(n: int, block_size: int, *, chained: bool = False) -> list[int]:
    """Sizes of the fewest blocks that hold n essays, none above `block_size`, as even as possible.

    chained: consecutive blocks share an essay, so the sizes add up to n + (blocks - 1).
    Raises ValueError for blocks of fewer than two essays.
    """
    if block_size < 2:
        raise ValueError(f"a block needs at least two essays, not {block_size}")
    if n < 2:
        return []
    count = -(-(n - 1) // (block_size - 1)) if chained else -(-n // block_size)
    seats = n + count - 1 if chained else n
    return [seats // count + (index < seats % count) for index in range(count)]


def pairs_within(sizes: Sequence[int]) -> int:
    """Pairs inside blocks of these sizes."""
    return sum(size * (size - 1) // 2 for size in sizes)


def affordable_sizes(n: int, block_size: int, size: int, *, chained: bool = False) -> list[int]:
    """Sizes of the largest blocks whose pairs, for all essays, fit into `size`; [] if none do."""
    for largest in range(block_size, SMALLEST_BLOCK - 1, -1):
        sizes = block_sizes(n, largest, chained=chained)
        if pairs_within(sizes) <= size:
            return sizes
    return []


def filled_blocks(
    ledger: Ledger,
    scores: FloatArray | None,
    sizes: Sequence[int],
    rng: np.random.Generator,
    *,
    chained: bool = False,
) -> list[list[int]]:
    """Blocks of the given sizes with all essays: near neighbours who have not met yet.

    Starts at one end of the row of essays and gives each block the next essay; each further member
    is, among the nearest left, the one that has met the fewest of the block. Blocks left with no
    choice come last and hold more pairs already shown. Anchors that may not meet are dealt evenly
    to the blocks. A chained block begins with the last member of the block before it.
    """
    place = places(ledger.n, scores, rng)
    row = np.argsort(place, kind="stable").tolist()
    rows = [[i for i in row if not ledger.restricted(i)], [i for i in row if ledger.restricted(i)]]
    blocks: list[list[int]] = []
    for size in sizes:
        block = [blocks[-1][1]] if chained and blocks else []
        new = size - len(block)
        share = round(len(rows[1]) * new / (len(rows[0]) + len(rows[1])))
        for row, wanted in zip(rows, (new - share, share), strict=True):
            _join_block(ledger, block, row, wanted, REACH * size)
        blocks.append(block)
    return blocks


def _join_block(ledger: Ledger, block: list[int], row: list[int], wanted: int, reach: int) -> None:
    """Move `wanted` essays from the first `reach` of the row into the block."""
    window = row[:reach]
    clashes = [sum(not ledger.admits(member, other) for member in block) for other in window]
    for _ in range(wanted):
        pick = min(range(len(window)), key=clashes.__getitem__)
        member = window.pop(pick)
        clashes.pop(pick)
        block.append(member)
        for index, other in enumerate(window):
            clashes[index] += not ledger.admits(member, other)
    row[:reach] = window


def new_pairs(ledger: Ledger, block: Sequence[int], rng: np.random.Generator) -> list[Pair]:
    """The pairs of a block that may still be shown, shuffled."""
    pairs = [(a, b) for i, a in enumerate(block) for b in block[i + 1 :] if ledger.admits(a, b)]
    return [pairs[index] for index in rng.permutation(len(pairs)).tolist()]


def links_all(ledger: Ledger, blocks: Sequence[Sequence[int]]) -> bool:
    """Whether the graph would be connected once the new pairs of these blocks are in it."""
    parts = ledger.components.copy()
    for block in blocks:
        for i, a in enumerate(block):
            for b in block[i + 1 :]:
                if ledger.admits(a, b):
                    parts.join(a, b)
    return parts.count <= 1
