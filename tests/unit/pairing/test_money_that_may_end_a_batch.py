"""Waves under a money cap: what may be the last one connects all essays first."""

from decimal import Decimal

import numpy as np
import pytest

from assessment.modes import LLMBatchingMode
from assessment.pairing.components import Components
from assessment.pairing.means import Means, Price
from assessment.pairing.plans import WaveRules, next_wave
from assessment.pairing.states import PairingState
from assessment.pairing.waves import WavePlan

SERIAL, JOBS = LLMBatchingMode.SERIAL_BUNDLE, LLMBatchingMode.PROVIDER_BATCH_API


def before(n: int) -> PairingState:
    none = np.empty(0, dtype=np.int64)
    return PairingState(
        n=n,
        is_anchor=np.arange(n) < n // 5,
        first=none,
        second=none,
        succeeded=np.empty(0, dtype=bool),
    )


def a_cent_each(plan: WavePlan) -> Price:
    """A comparison costs a cent, three with the longest answer."""
    return Price(Decimal(len(plan)) / 100, Decimal(len(plan)) * 3 / 100)


def wave(
    state: PairingState, dollars: str | None, *, mode=SERIAL, strategy="blocks", room=400, number=1
) -> WavePlan:
    means = None if dollars is None else Means(Decimal(dollars), a_cent_each)
    return next_wave(
        state,
        WaveRules(),
        mode=mode,
        strategy=strategy,
        room=room,
        seed=3,
        number=number,
        means=means,
    )


def parts(plan: WavePlan, n: int) -> int:
    found = Components(n)
    for a, b in plan.pairs.tolist():
        found.join(a, b)
    return found.count


@pytest.mark.parametrize("n", [9, 33, 62, 200])
@pytest.mark.parametrize("share", ["0.4", "0.7", "1", "2"])
def test_a_tight_cap_has_all_essays_connected_by_what_it_is_likely_to_pay_for(n, share):
    """P-43: blocks that share no essay were left in pieces when the money ended."""
    cap = Decimal(share) * (3 * n) / 100  # up to six comparisons an essay
    plan = wave(before(n), str(cap))
    assert parts(plan, n) == 1
    assert a_cent_each(plan).likely <= cap * 2 / 3 or len(plan) == n - 1


@pytest.mark.parametrize(("left", "planned"), [("0.10", 61), ("0.80", 61), ("1.50", 100)])
def test_it_is_never_smaller_than_a_tree_nor_larger_than_the_money(left, planned):
    assert len(wave(before(62), left)) <= planned
    assert len(wave(before(62), left)) >= 61


def test_enough_money_changes_nothing():
    free, rich = wave(before(62), None), wave(before(62), "12.60")
    assert np.array_equal(free.pairs, rich.pairs) and np.array_equal(free.groups, rich.groups)
    assert parts(rich, 62) > 1  # a second wave joins them
    assert parts(wave(before(62), "12.50"), 62) == 1


def test_connected_essays_are_compared_in_waves_of_full_size():
    state = before(62).after(wave(before(62), "0.70").pairs)
    plain = wave(state, None, number=2)
    assert np.array_equal(wave(state, "0.05", number=2).pairs, plain.pairs)
    assert len(plain) > 150


def test_a_call_cut_short_holds_essays_that_are_connected():
    """The first k pairs of a tree are a tree of k + 1 essays, which a call names once each."""
    pairs = wave(before(62), "0.10").pairs
    for k in range(1, 62):
        assert len(np.unique(pairs[:k])) == k + 1


@pytest.mark.parametrize("strategy", ["balanced", "blocks", "adaptive"])
def test_a_single_wave_is_as_large_as_the_money_and_connected(strategy):
    plan = wave(before(62), "1.50", mode=JOBS, strategy=strategy)
    assert 75 <= len(plan) <= 150 and parts(plan, 62) == 1
    assert len(wave(before(62), "4.00", mode=JOBS, strategy=strategy)) == 400


def test_an_unknown_price_leaves_the_wave_as_it_is():
    means = Means(Decimal("0.01"), lambda plan: None)
    plan = next_wave(
        before(62),
        WaveRules(),
        mode=SERIAL,
        strategy="blocks",
        room=400,
        seed=3,
        number=1,
        means=means,
    )
    assert np.array_equal(plan.pairs, wave(before(62), None).pairs)
