"""No essay is shown first more often for what it is or for its place in the list."""

import numpy as np
import pytest
from scipy.stats import chisquare

from assessment.modes import LLMBatchingMode
from assessment.pairing.plans import WaveRules, next_wave
from assessment.pairing.states import IntArray, PairingState

N, ANCHORS, BUDGET = 24, 8, 96
PLACES = {
    "first": np.arange(ANCHORS),
    "last": np.arange(N - ANCHORS, N),
    "between": np.arange(0, N, 3),
}


def shown(anchors: IntArray, strategy: str, seed: int) -> IntArray:
    """(k, 2) the pairs of one batch; nothing is known of the essays but their roles."""
    nobody = np.empty(0, dtype=np.int64)
    state = PairingState(
        n=N,
        is_anchor=np.isin(np.arange(N), anchors),
        first=nobody,
        second=nobody,
        succeeded=np.empty(0, dtype=np.bool_),
    )
    number = 0
    while len(state.first) < BUDGET:
        number += 1
        plan = next_wave(
            state,
            WaveRules(),
            mode=LLMBatchingMode.SERIAL_BUNDLE,
            strategy=strategy,
            room=BUDGET - len(state.first),
            seed=seed,
            number=number,
        )
        state = state.after(plan.pairs)
    return np.stack([state.first, state.second], axis=1)


@pytest.mark.parametrize("strategy", ["balanced", "blocks"])
@pytest.mark.parametrize("where", PLACES)
def test_anchors_and_students_are_shown_first_half_of_the_time(strategy, where):
    """P-35: wherever the anchors stand in the list."""
    pairs = np.concatenate([shown(PLACES[where], strategy, seed) for seed in range(25)])
    anchor = np.isin(pairs, PLACES[where])
    for kind in (anchor, ~anchor):
        assert chisquare([kind[:, 0].sum(), kind[:, 1].sum()]).pvalue > 0.05
    mixed = anchor[anchor.any(axis=1) & ~anchor.all(axis=1)]
    assert chisquare([mixed[:, 0].sum(), mixed[:, 1].sum()]).pvalue > 0.05


@pytest.mark.parametrize("strategy", ["balanced", "blocks"])
def test_a_low_place_in_the_list_is_no_side(strategy):
    """P-35"""
    pairs = np.concatenate([shown(PLACES["first"], strategy, seed) for seed in range(25)])
    lower_first = int((pairs[:, 0] < pairs[:, 1]).sum())
    assert chisquare([lower_first, len(pairs) - lower_first]).pvalue > 0.01
