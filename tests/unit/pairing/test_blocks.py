"""COVERAGE in blocks: few texts, all their pairs, one graph after two waves."""

import numpy as np
import pytest

from assessment.pairing.blocks import block_sizes
from assessment.pairing.waves import plan_wave
from tests.unit.pairing.batches import Batch, is_connected, participation, unordered


def texts(plan):
    """Texts sent: each once per block, both for a single pair."""
    single = int((plan.groups == -1).sum())
    blocks = set(plan.groups.tolist()) - {-1}
    return 2 * single + sum(len(np.unique(plan.pairs[plan.groups == g])) for g in blocks)


def test_it_puts_every_essay_into_one_block_of_eight():
    plan = next(Batch(96).run(10_000, "blocks"))
    assert len(plan) == 12 * 28
    assert np.bincount(plan.groups).tolist() == [28] * 12
    assert texts(plan) == 96


def test_it_sends_few_texts_and_connects_after_two_waves():
    """96 essays, three waves: at most 0.35 texts a comparison, no pair twice."""
    for seed in range(5):
        batch = Batch(96, seed=seed)
        run = batch.run(10_000, "blocks")
        plans = [next(run), next(run)]
        assert is_connected(batch)
        plans.append(next(run))
        assert sum(map(texts, plans)) <= 0.35 * len(batch.pairs)
        assert len(set(unordered(batch.pairs))) == len(batch.pairs)


@pytest.mark.parametrize("n", [9, 17, 23, 25, 50])
def test_it_connects_one_wave_that_may_be_the_last(n):
    """Consecutive blocks share an essay."""
    batch = Batch(n)
    plan = plan_wave(batch.state, strategy="blocks", size=10_000, seed=1, wave=0, may_be_last=True)
    batch.judge(plan.pairs)
    assert is_connected(batch)


@pytest.mark.parametrize("size", [1, 5, 12, 30, 50, 70, 83, 84, 100])
def test_it_never_exceeds_the_budget(size):
    plan = plan_wave(Batch(24).state, strategy="blocks", size=size, seed=1, wave=0)
    assert 0 < len(plan) <= size
    assert len(plan.groups) == len(plan)


def test_it_treats_essays_alike_when_the_budget_is_short():
    """24 essays with 120 comparisons: 84 in the first wave, then smaller blocks for all."""
    batch = Batch(24)
    waves = list(batch.run(120, "blocks"))
    assert [len(plan) for plan in waves] == [84, 36]
    assert np.ptp(participation(np.array(batch.pairs), 24)) <= 3


def test_it_fills_a_single_wave():
    """`provider_batch_api`: blocks after blocks, then single pairs, up to the cap."""
    batch = Batch(24)
    plan = plan_wave(batch.state, strategy="blocks", size=200, seed=1, wave=0, single_wave=True)
    assert len(plan) == 200
    assert len(set(unordered(plan.pairs.tolist()))) == 200


def test_it_groups_neighbours_once_scores_exist():
    batch = Batch(96)
    run = batch.run(10_000, "blocks")
    first, scores = next(run), batch.state.scores
    second = next(run)

    def spread(plan):
        return np.mean([np.std(scores[plan.pairs[plan.groups == g]]) for g in range(12)])

    assert spread(second) < 0.7 * spread(first)


def test_it_spreads_anchors_that_may_not_meet():
    plan = next(Batch(24, anchors=8, compare_anchors=False).run(10_000, "blocks"))
    for group in set(plan.groups.tolist()):
        members = np.unique(plan.pairs[plan.groups == group])
        assert (members < 8).sum() in (2, 3)
    assert not np.any(np.all(plan.pairs < 8, axis=1))


def test_it_evens_out_the_sizes_of_blocks():
    assert block_sizes(25, 8) == [7, 6, 6, 6]
    assert block_sizes(24, 8) == [8, 8, 8]
    assert block_sizes(5, 8) == [5]
    assert block_sizes(24, 8, chained=True) == [7, 7, 7, 6]
    with pytest.raises(ValueError, match="two essays"):
        block_sizes(24, 1)
