"""Dealing comparisons to judges: evenly, from the seed, blocks whole."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.dealing import deal

SINGLE = -1


@given(st.integers(0, 200), st.integers(1, 6), st.integers(0, 2**63 - 1), st.integers(1, 60))
def test_every_judge_gets_as_many_as_any_other(comparisons, judges, seed, wave):
    shares = Counter(deal([SINGLE] * comparisons, judges, seed=seed, wave=wave))
    loads = [shares[judge] for judge in range(judges)]
    assert sum(loads) == comparisons
    assert max(loads) - min(loads) <= 1


@given(
    st.lists(st.integers(1, 28), min_size=1, max_size=20),
    st.integers(2, 4),
    st.integers(0, 1_000),
)
def test_a_block_goes_to_one_judge_and_shares_differ_by_one_block(blocks, judges, seed):
    groups = [block for block, size in enumerate(blocks) for _ in range(size)]
    dealt = deal(groups, judges, seed=seed, wave=1)
    owners: dict[int, set[int]] = {}
    for group, judge in zip(groups, dealt, strict=True):
        owners.setdefault(group, set()).add(judge)
    assert all(len(judges_of) == 1 for judges_of in owners.values())
    shares = Counter(dealt)
    loads = [shares[judge] for judge in range(judges)]
    assert max(loads) - min(loads) <= max(blocks)


def test_the_seed_decides():
    groups = [SINGLE] * 40
    first = deal(groups, 3, seed=5, wave=2)
    assert first == deal(groups, 3, seed=5, wave=2)
    assert first != deal(groups, 3, seed=6, wave=2)
    assert first != deal(groups, 3, seed=5, wave=3)


@pytest.mark.parametrize("comparisons", [0, 1, 7])
def test_a_judge_alone_gets_all(comparisons):
    assert deal([SINGLE] * comparisons, 1, seed=1, wave=1) == [0] * comparisons


def test_no_judge_is_always_the_one_with_more():
    ahead = Counter()
    for wave in range(60):
        shares = Counter(deal([SINGLE] * 13, 2, seed=11, wave=wave))
        ahead[shares.most_common(1)[0][0]] += 1
    assert min(ahead[0], ahead[1]) > 15


def test_blocks_and_single_pairs_together_are_shared_out():
    groups = [0] * 28 + [1] * 28 + [SINGLE] * 10
    shares = Counter(deal(groups, 2, seed=3, wave=1))
    assert shares[0] == shares[1] == 33
