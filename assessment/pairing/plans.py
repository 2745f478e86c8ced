"""The next wave of a batch by the rules in force: how large it is, then which pairs it holds."""

from dataclasses import dataclass
from typing import cast

from assessment.modes import LLMBatchingMode
from assessment.pairing.budgets import wave_size
from assessment.pairing.means import Means, single_wave_within, wave_within
from assessment.pairing.states import PairingState
from assessment.pairing.waves import Strategy, WavePlan, plan_wave

BLOCK_SIZE = 8


@dataclass(frozen=True)
class WaveRules:
    """The settings that bear on the size of a wave.

    minimum: comparisons of a wave where n/2 is less.
    most: comparisons that may be under way at a time in the live modes.
    iterative: False if there is one wave only.
    block_size: essays in a block.
    """

    minimum: int = 12
    most: int = 1000
    iterative: bool = True
    block_size: int = BLOCK_SIZE


def next_wave(
    state: PairingState,
    rules: WaveRules,
    *,
    mode: LLMBatchingMode,
    strategy: str,
    room: int,
    seed: int,
    number: int,
    means: Means | None = None,
) -> WavePlan:
    """The pairs of wave `number`; empty when none can be made.

    room: what the budget leaves. means: what the money cap leaves; None without one. Raises
    ValueError for an unknown strategy and a negative room.
    """
    single_wave = mode is LLMBatchingMode.PROVIDER_BATCH_API
    if single_wave:
        size = room  # the threshold is the cap itself
    elif strategy == "blocks":
        size = min(room, state.n * (rules.block_size - 1) // 2, rules.most)
    else:
        size = min(wave_size(state.n, minimum=rules.minimum, remaining=room), rules.most)
    # What would be left cannot join the blocks of this wave to one another.
    may_be_last = not rules.iterative or room < size + state.n // rules.block_size

    def planned(at_most: int, last: bool) -> WavePlan:
        return plan_wave(
            state,
            strategy=cast(Strategy, strategy),
            size=at_most,
            seed=seed,
            wave=number,
            block_size=rules.block_size,
            may_be_last=may_be_last or last,
            single_wave=single_wave,
        )

    if means is None:
        return planned(size, False)
    return (single_wave_within if single_wave else wave_within)(means, state, planned, size)
