"""COVERAGE in single pairs: new partners, everybody alike, one graph."""

import numpy as np
import pytest

from assessment.pairing.budgets import eligible_pairs
from assessment.pairing.states import PairingState
from assessment.pairing.waves import plan_wave
from tests.unit.pairing.batches import Batch, is_connected, leads, participation, unordered


def fresh(n, **changes):
    values = {
        "n": n,
        "is_anchor": np.zeros(n, dtype=np.bool_),
        "first": np.empty(0, dtype=np.int64),
        "second": np.empty(0, dtype=np.int64),
        "succeeded": np.empty(0, dtype=np.bool_),
    }
    return PairingState(**(values | changes))


@pytest.mark.parametrize("n", [2, 3, 4, 5, 8, 13, 24, 25, 40])
@pytest.mark.parametrize("strategy", ["balanced", "blocks", "adaptive"])
def test_it_shows_every_pair_once_and_stops(n, strategy):
    """P-40, P-08: no pair twice, no pair of one essay, and no pair left out."""
    batch = Batch(n)
    kinds = {plan.kind for plan in batch.run(10_000, strategy)}
    assert kinds == {"coverage"}
    assert len(set(unordered(batch.pairs))) == len(batch.pairs) == n * (n - 1) // 2
    assert all(a != b for a, b in batch.pairs)


@pytest.mark.parametrize("n", [24, 25, 41, 60])
@pytest.mark.parametrize("strategy", ["balanced", "adaptive"])
def test_it_uses_an_essay_once_a_wave(n, strategy):
    """P-40: as long as the wave is not larger than n/2."""
    batch = Batch(n)
    for plan in batch.run(10 * n, strategy):
        assert participation(plan.pairs, n).max() == 1


def test_it_leaves_out_the_most_compared_of_an_odd_number():
    """P-40, P-37: the essay left out of one wave is in the next; who it is depends on the seed."""
    left_out = []
    for seed in range(12):
        batch = Batch(25, seed=seed)
        waves = list(batch.run(24))
        missing = set(range(25)) - set(waves[0].pairs.ravel().tolist())
        assert missing < set(waves[1].pairs.ravel().tolist())
        left_out.append(missing.pop())
    assert len(set(left_out)) > 5


def test_it_takes_the_least_compared_first():
    """Essays 0..3 have been compared; a small wave is for the others."""
    state = fresh(
        12, first=np.array([0, 2]), second=np.array([1, 3]), succeeded=np.array([True, True])
    )
    plan = plan_wave(state, strategy="balanced", size=4, seed=5, wave=1)
    assert set(plan.pairs.ravel().tolist()) == set(range(4, 12))


def test_it_does_not_count_pending_pairs_as_comparisons():
    """P-42: pending partners are not met again, but leave an essay among the least compared."""
    state = fresh(
        4, first=np.array([0, 2]), second=np.array([1, 3]), succeeded=np.array([True, False])
    )
    plan = plan_wave(state, strategy="balanced", size=1, seed=5, wave=1)
    assert (2, 3) not in unordered(plan.pairs.tolist())
    assert set(plan.pairs.ravel().tolist()) & {2, 3}


def test_it_schedules_a_failed_pair_again():
    """P-41: a pair left out of the state because it failed comes back; a closed one does not."""
    missing = fresh(
        3, first=np.array([0, 1]), second=np.array([1, 2]), succeeded=np.array([True, True])
    )
    again = plan_wave(missing, strategy="balanced", size=12, seed=1, wave=2)
    assert unordered(again.pairs.tolist()) == [(0, 2)]
    closed = fresh(
        3,
        first=np.array([0, 1]),
        second=np.array([1, 2]),
        succeeded=np.array([True, True]),
        closed=np.array([[2, 0]]),
    )
    assert len(plan_wave(closed, strategy="balanced", size=12, seed=1, wave=2)) == 0


@pytest.mark.parametrize("strategy", ["balanced", "blocks", "adaptive"])
@pytest.mark.parametrize("n", range(2, 41, 3))
def test_it_connects_all_essays_with_the_fewest_comparisons(n, strategy):
    """P-43: a budget of n - 1, of 1.5 n and of 2 n leaves one graph."""
    for budget in {n - 1, min(3 * n // 2, n * (n - 1) // 2), min(2 * n, n * (n - 1) // 2)}:
        batch = Batch(n, seed=budget)
        list(batch.run(budget, strategy))
        assert len(batch.pairs) == budget
        assert is_connected(batch)


def test_it_gives_everybody_a_comparison_before_it_connects_anybody_twice():
    """P-43: 24 essays, waves cut to 6 and 6."""
    state = fresh(24)
    first = plan_wave(state, strategy="balanced", size=6, seed=2, wave=0).pairs
    second = plan_wave(state.after(first), strategy="balanced", size=6, seed=2, wave=1).pairs
    assert len(np.unique(np.concatenate([first, second]))) == 24


def test_it_returns_all_pairs_of_one_wave_evenly():
    """One wave for all 276 pairs of 24 essays; an odd number of partners leaves 1 over."""
    batch = Batch(24)
    plan = plan_wave(batch.state, strategy="balanced", size=276, seed=1, wave=0, single_wave=True)
    batch.judge(plan.pairs)
    assert len(set(unordered(batch.pairs))) == len(plan) == 276
    assert np.abs(leads(batch)).max() == 1


def test_it_keeps_anchors_apart_when_told_to():
    batch = Batch(20, anchors=7, compare_anchors=False)
    list(batch.run(10_000))
    assert len(batch.pairs) == eligible_pairs(13, 7, False)
    assert not any(a < 7 and b < 7 for a, b in batch.pairs)


def test_it_prefers_close_partners_once_scores_exist():
    scores = np.linspace(-3.0, 3.0, 100)
    known = plan_wave(fresh(100, scores=scores), strategy="balanced", size=50, seed=3, wave=4)
    blind = plan_wave(fresh(100), strategy="balanced", size=50, seed=3, wave=4)

    def distance(plan):
        return np.abs(np.diff(scores[plan.pairs], axis=1)).mean()

    assert distance(known) < 0.6 * distance(blind)


def test_it_plans_the_same_wave_from_the_same_seed():
    batch = Batch(30)
    list(batch.run(60))
    plans = [
        plan_wave(batch.state, strategy="balanced", size=15, seed=seed, wave=wave).pairs.tolist()
        for seed, wave in [(4, 9), (4, 9), (5, 9), (4, 10)]
    ]
    assert plans[0] == plans[1]
    assert plans[0] != plans[2] and plans[0] != plans[3]


def test_it_plans_large_batches():
    """10,000 essays: everybody once, without listing 50 million pairs."""
    plan = plan_wave(fresh(10_000), strategy="balanced", size=5_000, seed=1, wave=0)
    assert participation(plan.pairs, 10_000).tolist() == [1] * 10_000


@pytest.mark.parametrize("n", [0, 1])
def test_it_has_nothing_to_plan_below_two_essays(n):
    for strategy in ("balanced", "blocks", "adaptive"):
        assert len(plan_wave(fresh(n), strategy=strategy, size=12, seed=1, wave=0)) == 0


def test_it_refuses_what_cannot_be_planned():
    with pytest.raises(ValueError, match="strategy"):
        plan_wave(fresh(4), strategy="best", size=12, seed=1, wave=0)
    with pytest.raises(ValueError, match="size"):
        plan_wave(fresh(4), strategy="balanced", size=-1, seed=1, wave=0)
    with pytest.raises(ValueError, match="seed"):
        plan_wave(fresh(4), strategy="balanced", size=12, seed=-1, wave=0)
    with pytest.raises(ValueError, match="itself"):
        fresh(4, first=np.array([1]), second=np.array([1]), succeeded=np.array([True]))
