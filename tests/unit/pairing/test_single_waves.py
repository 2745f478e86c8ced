"""`provider_batch_api`: one wave up to the cap, whatever the size of the net."""

import numpy as np
import pytest

from assessment.modes import LLMBatchingMode
from assessment.pairing.plans import WaveRules, next_wave
from assessment.pairing.states import PairingState


def net(n: int, judgements_per_pair: int = 1) -> PairingState:
    return PairingState(
        n=n,
        is_anchor=np.zeros(n, dtype=bool),
        first=np.empty(0, dtype=np.int64),
        second=np.empty(0, dtype=np.int64),
        succeeded=np.empty(0, dtype=bool),
        compare_anchors=True,
        judgements_per_pair=judgements_per_pair,
        balance_positions=True,
    )


def wave(state: PairingState, room: int, strategy: str = "balanced"):
    return next_wave(
        state,
        WaveRules(most=50),  # what the live modes have under way at a time is no limit here
        mode=LLMBatchingMode.PROVIDER_BATCH_API,
        strategy=strategy,
        room=room,
        seed=1,
        number=1,
    )


SMALL = [(24, 1000), (24, 276), (24, 200), (24, 13)]
LARGE = [(700, 12_000), (4_000, 60_000)]


@pytest.mark.parametrize(
    ("n", "cap", "strategy"),
    [(*net, strategy) for net in SMALL + LARGE for strategy in ("balanced", "blocks")],
)
def test_it_holds_all_pairs_up_to_the_cap(n: int, cap: int, strategy: str) -> None:
    """Source documents: `existing_pairs_threshold == max_pairs_cap`, for very large nets too."""
    plan = wave(net(n), cap, strategy)
    assert len(plan) == min(cap, n * (n - 1) // 2)
    assert len(np.unique(np.sort(plan.pairs, axis=1), axis=0)) == len(plan)


def test_both_orders_count_towards_the_cap() -> None:
    """DESIGN, section 5: with `judgements_per_pair` 2 the single wave holds both orders."""
    assert len(wave(net(10, judgements_per_pair=2), 1000)) == 90
    assert len(wave(net(10, judgements_per_pair=2), 70)) == 70
