"""Every essay is named first about as often as second, at any time."""

import numpy as np
import pytest
from scipy.stats import chisquare

from assessment.pairing.orientation import level
from tests.unit.pairing.batches import Batch, leads


@pytest.mark.parametrize("strategy", ["balanced", "blocks", "adaptive"])
def test_it_keeps_every_essay_within_two_and_most_within_one(strategy):
    """P-39, P-36: 24 essays, 120 comparisons, after every wave, 200 seeds."""
    for seed in range(200):
        batch = Batch(24, seed=seed)
        for _ in batch.run(120, strategy):
            apart = np.abs(leads(batch))
            assert apart.max() <= 2
            assert np.mean(apart <= 1) >= 0.8
        assert len(batch.pairs) == 120


@pytest.mark.parametrize("strategy", ["balanced", "blocks", "adaptive"])
def test_it_ends_even_once_both_orders_were_shown(strategy):
    """P-36: n = 5 with both orders."""
    batch = Batch(5, judgements_per_pair=2)
    list(batch.run(60, strategy))
    assert len(batch.pairs) == 20
    assert not leads(batch).any()


def test_it_spares_anchors_no_side():
    """P-35: anchors come first in the list of essays, and in the pairs half of the time."""
    first = shown = 0
    for seed in range(30):
        batch = Batch(24, seed=seed, anchors=8)
        list(batch.run(96))
        pairs = np.array(batch.pairs)
        first += int((pairs[:, 0] < 8).sum())
        shown += int((pairs < 8).sum())
    assert chisquare([first, shown - first]).pvalue > 0.05


def test_it_stays_even_when_calls_fail():
    """P-39, P-42: positions of failed pairs do not count, and those left are still even."""
    for seed in range(10):
        batch = Batch(24, seed=seed, failing=0.3)
        for _ in batch.run(160):
            assert np.abs(leads(batch)).max() <= 3


def test_it_tosses_a_coin_when_balancing_is_off():
    batch = Batch(40, balance_positions=False)
    list(batch.run(400))
    assert np.abs(leads(batch)).max() > 2
    first = sum(a < b for a, b in batch.pairs)
    assert chisquare([first, 400 - first]).pvalue > 0.01


def test_it_turns_chains_of_pairs_round():
    """A chain 0 > 1 > 2 > 3, all named in that order, after leads that make its ends uneven."""
    assert level([(0, 1), (1, 2), (2, 3)], [1, 0, 0, -1]) == [(1, 0), (2, 1), (3, 2)]


def test_it_leaves_no_wave_more_uneven_than_the_best_order():
    """Against every possible order of small random waves."""
    rng = np.random.default_rng(3)
    for _ in range(30):
        pairs = [tuple(rng.permutation(5)[:2].tolist()) for _ in range(8)]
        lead = rng.integers(-2, 3, size=5).tolist()

        def spread(ordered, lead=lead):
            after = np.array(lead)
            for first, second in ordered:
                after[first] += 1
                after[second] -= 1
            return int((after**2).sum())

        best = min(
            spread([(b, a) if mask >> i & 1 else (a, b) for i, (a, b) in enumerate(pairs)])
            for mask in range(2**8)
        )
        assert spread(level(pairs, lead)) == best
