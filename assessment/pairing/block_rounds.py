"""How many blocks a wave gets, how large they are, and what fills the rest of its budget."""

import numpy as np

from assessment.pairing.blocks import (
    affordable_sizes,
    block_sizes,
    filled_blocks,
    links_all,
    new_pairs,
)
from assessment.pairing.ledgers import Ledger
from assessment.pairing.orientation import Pair
from assessment.pairing.singles import single_pairs
from assessment.pairing.states import FloatArray


def block_pairs(
    ledger: Ledger,
    scores: FloatArray | None,
    size: int,
    rng: np.random.Generator,
    block_size: int,
    *,
    last: bool,
    repeat: bool,
) -> tuple[list[Pair], list[int]]:
    """At most `size` pairs in blocks that hold every essay, and the block number of each pair.

    Where `size` cuts the blocks down, single pairs (block -1) use up what they leave; so they do
    where the last wave leaves the graph in parts.
    last: chain the blocks if the graph is not connected yet. repeat: further rounds of blocks.
    Empty when blocks would hold fewer pairs than there are disjoint pairs to show.
    """
    wave: list[Pair] = []
    groups: list[int] = []
    cut = False
    while True:
        blocks, cut = _round(ledger, scores, size - len(wave), rng, block_size, last)
        rounds = [new_pairs(ledger, block, rng) for block in blocks]
        if sum(map(len, rounds)) < max(1, ledger.disjoint_pairs):
            break
        number = groups[-1] + 1 if groups else 0
        for pairs in filter(None, rounds):
            wave.extend(ledger.add(a, b, rng) for a, b in pairs)
            groups.extend([number] * len(pairs))
            number += 1
        if not repeat:
            break
    if wave and (cut or repeat or (last and not ledger.connected)):
        wave += single_pairs(ledger, scores, size - len(wave), rng)
        groups += [-1] * (len(wave) - len(groups))
    return wave, groups


def _round(
    ledger: Ledger,
    scores: FloatArray | None,
    size: int,
    rng: np.random.Generator,
    block_size: int,
    last: bool,
) -> tuple[list[list[int]], bool]:
    """Blocks for one round, and whether `size` made them smaller than `block_size` asks."""
    for chained in (False, True):
        sizes = affordable_sizes(ledger.n, block_size, size, chained=chained)
        cut = sizes != block_sizes(ledger.n, block_size, chained=chained)
        blocks = filled_blocks(ledger, scores, sizes, rng, chained=chained)
        another_wave = ledger.untouched and not last and not cut
        if another_wave or links_all(ledger, blocks):
            break
    return blocks, cut
