"""Which comparisons share a provider call: limits kept, groups whole, texts shared."""

import math
import time
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmprovider.contracts import Instructions, QueueMode
from llmprovider.prompting.prompts import Comparison, build_prompt, system_text
from llmprovider.prompting.tokens import estimate_tokens, expected_output_tokens
from llmprovider.queueing.bundling import PlanItem, plan_bundles

SERIAL = QueueMode.SERIAL_BUNDLE
PLENTY = 10**9


def item(first, second, *, key="k", group=None, limit=64, tokens=600, mode=SERIAL, fixed=900):
    return PlanItem(key, group, limit, str(first), str(second), tokens, tokens, fixed, mode)


def plan(items, *, cap=64, token_budget=PLENTY):
    return plan_bundles(items, cap=cap, token_budget=token_budget)


def texts_sent(items, bundles):
    return sum(len({t for i in b for t in (items[i].first, items[i].second)}) for b in bundles)


def matching(count, **kwargs):
    """Comparisons of which no two share a text."""
    return [item(2 * n, 2 * n + 1, **kwargs) for n in range(count)]


@pytest.mark.parametrize("count", [1, 7, 8, 9, 63, 64, 65, 276, 300])
@pytest.mark.parametrize(("limit", "cap"), [(64, 64), (8, 64), (64, 8), (1, 64)])
def test_it_makes_exactly_as_many_calls_as_the_limit_asks_for(count, limit, cap):
    """T11"""
    essays = [item(a, b, limit=limit) for a, b in combinations(range(25), 2)][:count]
    calls = math.ceil(count / min(limit, cap))
    assert len(plan(essays, cap=cap)) == calls
    assert len(plan(matching(count, limit=limit), cap=cap)) == calls


def test_it_sends_single_comparisons_in_per_request_mode():
    items = [item(a, b, mode=QueueMode.PER_REQUEST, group="g") for a, b in combinations("abcd", 2)]
    assert plan(items) == [[0], [1], [2], [3], [4], [5]]


def test_it_fills_calls_from_interleaved_incompatible_items():
    """T17"""
    items = [item(2 * n, 2 * n + 1, key=f"model {n % 3}") for n in range(192)]
    bundles = plan(items)
    assert [len(bundle) for bundle in bundles] == [64, 64, 64]
    assert all(len({items[i].key for i in bundle}) == 1 for bundle in bundles)


def test_it_never_mixes_modes():
    items = [item(1, 2), item(1, 3, mode=QueueMode.BATCH_API), item(1, 4)]
    assert plan(items) == [[0, 2], [1]]


def block(name, texts, **kwargs):
    return [item(f"{name}{a}", f"{name}{b}", group=name, **kwargs) for a, b in texts]


def test_it_gives_each_group_a_call_of_its_own():
    pairs = list(combinations(range(8), 2))
    items = block("p", pairs) + matching(10) + block("q", pairs)
    bundles = plan(items)
    assert bundles == [list(range(28)), list(range(28, 38)), list(range(38, 66))]


def test_it_keeps_a_group_whole_up_to_exactly_what_fits():
    pairs = list(combinations(range(8), 2))
    assert len(plan(block("p", pairs, limit=28))) == 1
    assert len(plan(block("p", pairs, limit=27))) == 2
    assert len(plan(block("p", pairs), cap=27)) == 2


def test_it_splits_a_group_that_is_too_large_without_mixing_it_with_others():
    pairs = list(combinations(range(12), 2))
    items = block("p", pairs, limit=30) + block("q", pairs[:3]) + matching(3)
    bundles = plan(items)
    assert sorted(Counter(items[b[0]].group for b in bundles).items(), key=str) == [
        ("p", 3),
        ("q", 1),
        (None, 1),
    ]
    assert all(len({items[i].group for i in bundle}) == 1 for bundle in bundles)


def test_it_keeps_a_group_together_when_its_limits_differ():
    items = [item("a", "b", group="g", limit=64), item("a", "c", group="g", limit=3)]
    assert plan(items) == [[0, 1]]


def test_it_keeps_groups_of_the_same_name_under_different_keys_apart():
    items = [item("a", "b", group="g", key="x"), item("a", "c", group="g", key="y")]
    assert plan(items) == [[0], [1]]


def test_it_counts_each_text_once_against_the_token_budget():
    """T18"""
    star = [item("hub", n, tokens=1_000, fixed=500) for n in range(20)]
    pairs = matching(20, tokens=1_000, fixed=500)
    full = [item(a, b, tokens=1_000, fixed=500) for a, b in combinations(range(8), 2)]
    assert len(plan(full, token_budget=12_000)) == 1
    assert len(plan(star, token_budget=13_500)) == 2
    assert len(plan(pairs, token_budget=12_000)) == 4


def test_it_splits_a_group_that_exceeds_the_token_budget():
    """T18"""
    items = block("p", combinations(range(8), 2), tokens=1_000)
    assert len(plan(items, token_budget=13_000)) == 1
    assert len(plan(items, token_budget=9_000)) > 1


def test_it_sends_a_comparison_that_is_too_large_alone():
    items = [item("a", "b", tokens=50_000), item("a", "c", tokens=10), item("d", "e", tokens=10)]
    bundles = plan(items, token_budget=5_000)
    assert [0] in bundles
    assert sorted(sum(bundles, [])) == [0, 1, 2]


def test_its_budget_covers_the_prompt_that_is_really_sent():
    """T18"""
    instructions = Instructions(task="Write a letter. " * 20, rubric="Be fair. " * 30)
    fixed = estimate_tokens(system_text(instructions))
    texts = {str(n): f"Essay {n} says something. " * (10 + n) for n in range(12)}
    items = [
        PlanItem("k", None, 64, a, b, *(estimate_tokens(texts[t]) for t in (a, b)), fixed, SERIAL)
        for a, b in combinations(texts, 2)
    ]
    budget = 4_500
    bundles = plan(items, token_budget=budget)
    assert 1 < len(bundles) < len(items)
    for bundle in bundles:
        pairs = [(items[i].first, items[i].second) for i in bundle]
        prompt = build_prompt(
            [Comparison(a, texts[a], b, texts[b]) for a, b in pairs],
            instructions,
            system_prompt=None,
            nonce="5f0c91d2ab34e677",
            seed="s",
        )
        sent = estimate_tokens(prompt.system) + estimate_tokens(prompt.user)
        assert sent + expected_output_tokens(len(bundle)) <= budget


def test_it_puts_comparisons_that_share_texts_together():
    """24 essays, every pair: far below the 24 texts that a call with all of them would hold."""
    items = [item(a, b) for a, b in combinations(range(24), 2)]
    bundles = plan(items)
    assert len(bundles) == 5
    assert texts_sent(items, bundles) <= 5 * 15


def test_it_separates_the_two_orders_of_a_pair_where_it_can():
    """Asked in one call, a judge would only repeat itself."""
    pairs = list(combinations(range(24), 2))
    items = [item(a, b) for a, b in pairs] + [item(b, a) for a, b in pairs]
    bundles = plan(items)
    assert len(bundles) == math.ceil(len(items) / 64)
    together = [
        sum(
            n > 1 for n in Counter(frozenset((items[i].first, items[i].second)) for i in b).values()
        )
        for b in bundles
    ]
    assert sum(bool(count) for count in together) <= 1


def test_it_takes_repeats_and_identical_texts():
    items = [item("a", "b"), item("a", "b"), item("a", "a"), item("b", "a"), item("a", "a")]
    assert plan(items) == [[0, 1, 2, 3, 4]]
    assert sorted(sum(plan(items, cap=2), [])) == [0, 1, 2, 3, 4]
    assert len(plan(items, cap=2)) == 3


def test_it_has_no_calls_for_no_items():
    assert plan([]) == []


@pytest.mark.parametrize(("limit", "cap"), [(0, 64), (64, 0)])
def test_it_refuses_a_limit_below_one(limit, cap):
    with pytest.raises(ValueError, match="at least one"):
        plan([item("a", "b", limit=limit)], cap=cap)


ITEMS = st.builds(
    item,
    st.integers(0, 8),
    st.integers(0, 8),
    key=st.sampled_from("kl"),
    group=st.sampled_from([None, None, "g", "h"]),
    limit=st.integers(1, 9),
    tokens=st.just(300),
    mode=st.sampled_from(QueueMode),
)


@given(items=st.lists(ITEMS, max_size=60), cap=st.integers(1, 9), budget=st.integers(1, 6_000))
def test_it_plans_every_item_once_within_every_limit(items, cap, budget):
    bundles = plan(items, cap=cap, token_budget=budget)
    assert sorted(sum(bundles, [])) == list(range(len(items)))
    assert bundles == sorted(sorted(bundle) for bundle in bundles)
    for bundle in bundles:
        members = [items[i] for i in bundle]
        assert len({(m.key, m.mode, m.group) for m in members}) == 1
        assert len(members) <= min(cap, *(m.limit for m in members))
        assert len(members) == 1 or members[0].mode is not QueueMode.PER_REQUEST
        texts = {t for m in members for t in (m.first, m.second)}
        at_least = 900 + 300 * len(texts) + expected_output_tokens(len(members))
        assert len(members) == 1 or at_least <= budget
    assert plan(items, cap=cap, token_budget=budget) == bundles


@pytest.mark.parametrize("shape", ["hub", "disjoint"])
def test_its_work_grows_with_the_number_of_items_not_with_its_square(shape):
    """This thread's processor time, so that neither a busy machine nor other threads matter."""

    def seconds(count):
        items = [item("hub", n) for n in range(count)] if shape == "hub" else matching(count)
        started = time.thread_time()
        plan(items)
        return time.thread_time() - started

    small = min(seconds(2_000) for _ in range(5))
    large = min(seconds(20_000) for _ in range(4))
    assert large < 10 * 4 * small
