"""RESAMPLING: the order not shown yet, everybody alike."""

from collections import Counter

import numpy as np
import pytest

from assessment.pairing.waves import plan_wave
from tests.unit.pairing.batches import Batch, leads, participation, unordered


@pytest.mark.parametrize("n", [4, 6, 8, 13, 24, 25, 30])
def test_it_shows_the_missing_order_with_even_participation(n):
    """P-37, P-38: throughout a pass; at its end all pairs have been shown in both orders."""
    batch = Batch(n, judgements_per_pair=2)
    taken = np.zeros(n, dtype=np.int64)
    seen = Counter()
    for plan in batch.run(10_000):
        for pair in map(tuple, plan.pairs.tolist()):
            assert plan.kind == "coverage" or seen[pair[::-1]] == 1
            seen[pair] += 1
        if plan.kind == "resampling":
            taken += participation(plan.pairs, n)
            assert np.ptp(taken) <= 1
            assert np.abs(leads(batch)).max() <= 3
    assert len(batch.pairs) == n * (n - 1)
    assert set(seen.values()) == {1}
    assert not leads(batch).any()


def test_it_keeps_a_pass_even_after_uneven_coverage():
    """P-37: all pairs were shown lower index first."""
    batch = Batch(24, judgements_per_pair=2)
    batch.pairs = [(a, b) for a in range(24) for b in range(a + 1, 24)]
    taken = np.zeros(24, dtype=np.int64)
    for plan in batch.run(276):
        assert plan.kind == "resampling"
        taken += participation(plan.pairs, 24)
        assert np.ptp(taken) <= 1
        assert np.all(plan.pairs[:, 0] > plan.pairs[:, 1])
    assert taken.tolist() == [23] * 24


@pytest.mark.parametrize("n", [24, 25])
def test_it_uses_an_essay_once_a_wave(n):
    """P-40."""
    batch = Batch(n, judgements_per_pair=2)
    for plan in batch.run(10_000):
        assert participation(plan.pairs, n).max() == 1


def test_it_holds_both_orders_in_a_single_wave():
    """DESIGN, section 5: `provider_batch_api` with two judgements per pair."""
    batch = Batch(5, judgements_per_pair=2)
    plan = plan_wave(batch.state, strategy="balanced", size=60, seed=1, wave=0, single_wave=True)
    assert len({tuple(pair) for pair in plan.pairs.tolist()}) == len(plan) == 20


@pytest.mark.parametrize("strategy", ["balanced", "blocks"])
@pytest.mark.parametrize("size", [13, 20, 36])
def test_it_repeats_nothing_while_pairs_are_new(strategy, size):
    """P-40: room in a wave that may be the last is for new pairs first."""
    batch = Batch(14, judgements_per_pair=2)
    plan = plan_wave(batch.state, strategy=strategy, size=size, seed=1, wave=0, may_be_last=True)
    assert len(set(unordered(plan.pairs.tolist()))) == len(plan) == size


def test_it_stops_at_the_judgements_a_pair_may_have():
    """P-06: 5 essays and four judgements end at 40."""
    batch = Batch(5, judgements_per_pair=4)
    list(batch.run(60))
    assert set(Counter(batch.pairs).values()) == {2}
    assert len(batch.pairs) == 40


def test_it_shows_the_missing_order_with_balancing_off():
    """P-38."""
    batch = Batch(9, judgements_per_pair=2, balance_positions=False)
    list(batch.run(10_000))
    assert set(Counter(batch.pairs).values()) == {1}
    assert len(batch.pairs) == 72


def test_it_resamples_many_anchors_with_few_students():
    """Anchors that may not meet take part less; waves are full all the same."""
    batch = Batch(12, anchors=9, compare_anchors=False, judgements_per_pair=2)
    sizes = [len(plan) for plan in batch.run(10_000)]
    assert len(batch.pairs) == 60
    assert len(sizes) <= 8
    assert set(Counter(batch.pairs).values()) == {1}


def test_it_comes_to_an_end_when_calls_fail():
    """P-08, P-41."""
    batch = Batch(10, judgements_per_pair=2, failing=0.3)
    list(batch.run(10_000))
    assert len(batch.pairs) == 90
