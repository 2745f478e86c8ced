"""The next wave of a batch: which pairs, in which order, in which blocks."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from assessment.pairing.block_rounds import block_pairs
from assessment.pairing.budgets import wave_size
from assessment.pairing.ledgers import Ledger
from assessment.pairing.orientation import Pair, level
from assessment.pairing.prospects import Prospects
from assessment.pairing.resampling import resampled_pairs
from assessment.pairing.seeds import wave_generator
from assessment.pairing.singles import single_pairs
from assessment.pairing.states import IntArray, PairingState

Strategy = Literal["balanced", "blocks", "adaptive"]
NO_BLOCK = -1


@dataclass(frozen=True, eq=False)
class WavePlan:
    """A wave in the order it should be submitted.

    kind: "coverage" while it holds pairs never shown, "resampling" otherwise; "specified" for pairs
        that the caller named.
    pairs: (k, 2) essay indices, the one to be named first first.
    groups: (k,) number of the block a pair belongs to, -1 for a single pair.
    """

    kind: Literal["coverage", "resampling", "specified"]
    pairs: IntArray
    groups: IntArray

    def __len__(self) -> int:
        return len(self.pairs)


def plan_wave(
    state: PairingState,
    *,
    strategy: Strategy,
    size: int,
    seed: int,
    wave: int,
    block_size: int = 8,
    may_be_last: bool = False,
    single_wave: bool = False,
) -> WavePlan:
    """Plan a wave of at most `size` pairs; an empty plan means that no pair is left to show.

    `balanced` and `adaptive` fill `size` while there are pairs; `adaptive` takes those expected to
    tell most, given scores and their uncertainty. `blocks` puts every essay into one block, so
    that `size` is only its upper bound; where it cannot hold blocks of all essays, blocks get
    smaller, and below three essays they become single pairs. Single and resampled pairs come in
    waves of `wave_size` then.

    may_be_last: the budget may end with this wave. Blocks are chained until the graph is connected.
    single_wave: there will be no other (`provider_batch_api`). As `may_be_last`; block rounds
    follow until `size` is filled, and once every pair is in, the other order goes in too.

    The plan depends on its arguments alone: the same on every platform and in every process.
    Raises ValueError for an unknown strategy, a negative size, seed or wave, or blocks below 2.
    """
    if strategy not in get_args(Strategy):
        raise ValueError(f"unknown pairing strategy {strategy!r}")
    if size < 0:
        raise ValueError(f"the size of a wave cannot be {size}")
    if block_size < 2:
        raise ValueError(f"a block needs at least two essays, not {block_size}")
    rng = wave_generator(seed, wave)
    last = may_be_last or single_wave
    pairs, groups, complete = _coverage(state, strategy, size, rng, block_size, last, single_wave)
    kind: Literal["coverage", "resampling"] = "coverage" if len(pairs) else "resampling"
    if strategy == "blocks" and not last:
        size = wave_size(state.n, remaining=size)
    while complete and len(pairs) < size and (single_wave or not len(pairs)):
        again = resampled_pairs(state.after(pairs), size - len(pairs), rng)
        if not again:
            break
        pairs = np.concatenate([pairs, _as_array(again)])
    groups = np.concatenate([groups, np.full(len(pairs) - len(groups), NO_BLOCK)])
    return WavePlan(kind, pairs, groups)


def _coverage(
    state: PairingState,
    strategy: Strategy,
    size: int,
    rng: np.random.Generator,
    block_size: int,
    last: bool,
    single_wave: bool,
) -> tuple[IntArray, IntArray, bool]:
    """Pairs never shown, ordered, the block of each, and whether none is left after them."""
    ledger = Ledger(state)
    lead = ledger.lead.copy()
    wave: list[Pair] = []
    groups: list[int] = []
    room = size
    if strategy == "blocks":
        wave, groups = block_pairs(
            ledger, state.scores, size, rng, block_size, last=last, repeat=single_wave
        )
        if wave:
            room = len(wave)
        elif not last:
            room = wave_size(state.n, remaining=size)
    if len(wave) < room:
        prospects = _prospects(state) if strategy == "adaptive" else None
        wave += single_pairs(ledger, state.scores, room - len(wave), rng, prospects)
    if state.balance_positions:
        wave = level(wave, lead)
    groups += [NO_BLOCK] * (len(wave) - len(groups))
    return _as_array(wave), np.array(groups, dtype=np.int64), ledger.unmet_count() == 0


def _prospects(state: PairingState) -> Prospects | None:
    """None before the first fit: nothing is known yet that pairs could be chosen by."""
    if state.scores is None or (state.covariance is None and state.se is None):
        return None
    return Prospects(state.scores, covariance=state.covariance, se=state.se)


def _as_array(pairs: list[Pair]) -> IntArray:
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)
