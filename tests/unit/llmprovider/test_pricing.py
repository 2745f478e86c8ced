"""What a call costs, by token class, against the vendors' list prices of November 2026."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from genai_prices import Usage as PricedUsage
from genai_prices import calc_price

from llmprovider.contracts import GivenPrice, TokenUsage
from llmprovider.contracts.known_models import KNOWN_MODELS
from llmprovider.costs.pricing import UnknownPrice, cost_at, cost_of, has_price

# USD per million tokens: input, cached, written for 5 minutes, written for 1 hour, output.
OPUS = {"input": 4, "read": Decimal("0.2"), "write": 5, "write_1h": 8, "output": 20}


@pytest.mark.parametrize("batch", [False, True])
def test_every_token_class_has_its_own_price(batch):
    """T32: input counts all, so what was cached is not billed twice; a batch costs half."""
    usage = TokenUsage(
        input=10_000,
        cache_read=5_000,
        cache_write=3_000,
        cache_write_1h=1_000,
        output=500,
        reasoning=200,
    )
    whole = (
        2_000 * OPUS["input"]
        + 5_000 * OPUS["read"]
        + 2_000 * OPUS["write"]
        + 1_000 * OPUS["write_1h"]
        + 500 * OPUS["output"]
    ) / Decimal(1_000_000)
    expected = whole / 2 if batch else whole
    assert cost_of("anthropic", "claude-opus-5-5", usage, batch=batch) == expected


def test_reasoning_is_billed_as_output_once():
    """T32"""
    silent = TokenUsage(input=0, output=1_000)
    assert cost_of("openai", "gpt-5.4", silent) == cost_of(
        "openai", "gpt-5.4", silent.model_copy(update={"reasoning": 900})
    )


@pytest.mark.parametrize(
    ("provider", "model"),
    sorted(
        key
        for key, known in KNOWN_MODELS.items()
        # genai-prices 0.2.3 has no price for these.
        if known.batch and key[1] not in ("claude-mythos-5", "claude-mythos-5-1")
    ),
)
def test_a_batch_costs_half_for_every_known_model(provider, model):
    """T32"""
    usage = TokenUsage(input=20_000, output=4_000)
    live = cost_of(provider, model, usage)
    assert live > 0
    assert cost_of(provider, model, usage, batch=True) == live / 2


@pytest.mark.parametrize(
    ("provider", "snapshot", "model"),
    [
        ("openai", "gpt-5.4-mini-2026-03-17", "gpt-5.4-mini"),
        ("openai", "gpt-6.1-sol-2026-11-01", "gpt-6.1-sol"),
        ("anthropic", "claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("anthropic", "claude-haiku-5-5-20261007", "claude-haiku-5-5"),
    ],
)
def test_a_dated_snapshot_costs_what_its_family_costs(provider, snapshot, model):
    """Vendors answer with the snapshot's name."""
    usage = TokenUsage(input=1_000, output=1_000)
    assert cost_of(provider, snapshot, usage) == cost_of(provider, model, usage)


def test_a_long_call_is_billed_at_its_tier():
    """T32: Haiku 5.5 costs five times as much from 100,000 tokens on."""
    short, long = (
        cost_of("anthropic", "claude-haiku-5-5", TokenUsage(input=tokens))
        for tokens in (100_000, 200_000)
    )
    assert long == 10 * short


def test_the_price_list_is_the_librarys():
    """T32: no number of ours between the bill and the maintained table."""
    usage = PricedUsage(input_tokens=1_234_567, output_tokens=89)
    listed = calc_price(
        usage, "gpt-5.2", provider_id="openai", genai_request_timestamp=datetime.now(UTC)
    ).total_price
    ours = cost_of("openai", "gpt-5.2", TokenUsage(input=1_234_567, output=89))
    assert abs(ours - listed) < Decimal("0.00000001")


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai_compatible", "gpt-4o"),  # another's server, another's price
        ("openai", "gpt-9-not-yet-announced"),
        ("anthropic", "claude-mythos-5"),
    ],
)
def test_where_no_price_is_known_none_is_made_up(provider, model):
    with pytest.raises(UnknownPrice):
        cost_of(provider, model, TokenUsage(input=1, output=1))
    assert not has_price(provider, model)


def test_counts_that_contradict_each_other_have_no_price():
    """More cached than sent: a server that counts wrongly must not stop the queue."""
    with pytest.raises(UnknownPrice):
        cost_of("openai", "gpt-4o", TokenUsage(input=10, cache_read=100, output=1))


def test_a_price_the_caller_gave():
    price = GivenPrice(input_per_million=Decimal("0.5"), output_per_million=Decimal(2))
    assert cost_at(price, TokenUsage(input=1_000_000, output=500_000)) == Decimal("1.5")


def test_the_mock_judge_is_free():
    assert cost_of("mock", "anything", TokenUsage(input=10**9)) == 0
    assert has_price("mock", "anything")
