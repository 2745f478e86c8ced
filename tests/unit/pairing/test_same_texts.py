"""Two essays with the same text never meet: the verdict would be about their places alone."""

import numpy as np
import pytest

from assessment.pairing.budgets import eligible_among, eligible_pairs
from assessment.pairing.ledgers import Ledger
from assessment.pairing.states import PairingState, text_numbers
from assessment.pairing.waves import plan_wave
from tests.unit.pairing.batches import Batch, is_connected, leads, unordered

# Essays of each text, by the text: a copy or two, half of a class, one that is all but alone.
GROUPS = [(2, 1, 1, 1, 1, 1), (3, 2, 1, 1, 1, 1, 1), (5, 5), (6, 1, 1, 1, 1), (2,) * 8, (9, 1)]


def texts_of(groups: tuple[int, ...]) -> list[int]:
    """Spread over the batch, so that neighbours are no twins."""
    row = [text for text, size in enumerate(groups) for _ in range(size)]
    return [row[place] for place in np.random.default_rng(len(row)).permutation(len(row))]


@pytest.mark.parametrize("groups", GROUPS)
@pytest.mark.parametrize("strategy", ["balanced", "blocks", "adaptive"])
def test_every_pair_of_two_texts_is_shown_once_and_no_other(groups, strategy):
    """P-40, P-08: nothing else is left out."""
    texts = texts_of(groups)
    batch = Batch(len(texts), texts=texts)
    assert {plan.kind for plan in batch.run(10_000, strategy)} == {"coverage"}
    shown = unordered(batch.pairs)
    assert len(set(shown)) == len(shown) == eligible_among([False] * len(texts), texts, True)
    assert all(texts[a] != texts[b] for a, b in shown)
    assert is_connected(batch)


@pytest.mark.parametrize("groups", GROUPS)
def test_a_single_wave_holds_every_pair_in_both_orders(groups):
    texts = texts_of(groups)
    state = Batch(len(texts), texts=texts, judgements_per_pair=2).state
    for strategy in ("balanced", "blocks", "adaptive"):
        plan = plan_wave(state, strategy=strategy, size=10_000, seed=1, wave=1, single_wave=True)
        pairs = [tuple(pair) for pair in plan.pairs.tolist()]
        eligible = eligible_among([False] * len(texts), texts, True)
        assert len(set(pairs)) == len(pairs) == 2 * eligible
        assert all(texts[a] != texts[b] for a, b in pairs)


@pytest.mark.parametrize("groups", GROUPS[:3])
def test_repeats_go_on_until_each_pair_has_its_share(groups):
    """P-06, P-41: resampled pairs are of two texts as well, and positions stay even."""
    texts = texts_of(groups)
    batch = Batch(len(texts), texts=texts, judgements_per_pair=4)
    kinds = [plan.kind for plan in batch.run(10_000)]
    eligible = eligible_among([False] * len(texts), texts, True)
    assert kinds[-1] == "resampling"
    assert len(batch.pairs) == 4 * eligible
    assert all(texts[a] != texts[b] for a, b in batch.pairs)
    assert abs(leads(batch)).max() <= 2


def test_a_whole_class_of_one_text_has_no_pair():
    batch = Batch(6, texts=[0] * 6)
    assert list(batch.run(100)) == []
    assert eligible_among([False] * 6, [0] * 6, True) == 0


@pytest.mark.parametrize("compare_anchors", [True, False])
def test_pairs_are_counted_as_they_are_found(compare_anchors):
    """Twins among anchors that do not meet anyway are left out once, not twice."""
    texts = [0, 0, 1, 2, 0, 3, 3, 4, 2]
    is_anchor = [True, True, True, True, False, False, False, False, False]
    counted = eligible_among(is_anchor, texts, compare_anchors)
    ledger = Ledger(Batch(9, anchors=4, compare_anchors=compare_anchors, texts=texts).state)
    assert counted == ledger.unmet_count() == len(list(ledger.unmet()))
    assert counted < eligible_pairs(5, 4, compare_anchors)
    batch = Batch(9, anchors=4, compare_anchors=compare_anchors, texts=texts)
    assert sum(len(plan) for plan in batch.run(1_000)) == counted


def test_texts_that_differ_change_no_plan():
    """P-37: the pairs of a seed are what they were."""
    plain, numbered = Batch(25), Batch(25, texts=range(25))
    for ours, theirs in zip(plain.run(120), numbered.run(120), strict=True):
        assert ours.pairs.tolist() == theirs.pairs.tolist()


def test_equal_hashes_have_equal_numbers():
    numbers = text_numbers(["b", "a", "b", "c"]).tolist()
    assert numbers[0] == numbers[2]
    assert len(set(numbers)) == 3
    assert text_numbers([]).tolist() == []


def test_numbers_for_another_batch_are_refused():
    none = np.empty(0, dtype=np.int64)
    with pytest.raises(ValueError, match="texts has shape"):
        PairingState(3, np.zeros(3, bool), none, none, none.astype(bool), texts=np.zeros(2, int))


@pytest.mark.parametrize("copies", [2, 1_000])
def test_ten_thousand_essays_get_a_whole_wave(copies):
    """However many of them are copies; no list is made of the pairs that they cannot be."""
    n = 10_000
    texts = [0] * copies + list(range(1, n - copies + 1))
    plan = plan_wave(Batch(n, texts=texts).state, strategy="balanced", size=n // 2, seed=1, wave=1)
    assert len(plan) == n // 2
    assert all(texts[a] != texts[b] for a, b in plan.pairs.tolist())
