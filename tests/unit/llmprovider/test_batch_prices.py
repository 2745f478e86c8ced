"""What the price list says of tokens kept in a cache, when they are used in a batch."""

import pytest

from llmprovider.contracts import TokenUsage
from llmprovider.contracts.known_models import KNOWN_MODELS
from llmprovider.costs.pricing import cost_of

# OpenAI gives no second discount on what these read from the cache.
FULL_PRICE_READS = {"o3", "gpt-4.1", "gpt-4.1-mini", "gpt-4o", "gpt-4o-mini"}
# genai-prices 0.2.3 has no price for these.
UNPRICED = {"claude-mythos-5", "claude-mythos-5-1"}
JUDGES = sorted(
    key for key, known in KNOWN_MODELS.items() if known.batch and key[1] not in UNPRICED
)


@pytest.mark.parametrize(("provider", "model"), JUDGES)
def test_what_is_read_from_the_cache_costs_half_in_a_batch(provider, model):
    """T32"""
    usage = TokenUsage(input=20_000, cache_read=20_000)
    share = 1 if model in FULL_PRICE_READS else 2
    # The vendors' lists round to whole cents per million tokens.
    assert float(cost_of(provider, model, usage, batch=True)) == pytest.approx(
        float(cost_of(provider, model, usage)) / share, rel=0.05
    )


@pytest.mark.parametrize(("provider", "model"), [key for key in JUDGES if key[0] == "anthropic"])
def test_what_is_written_to_the_cache_costs_half_in_a_batch(provider, model):
    """T32"""
    usage = TokenUsage(input=20_000, cache_write=20_000, cache_write_1h=5_000)
    assert cost_of(provider, model, usage, batch=True) == cost_of(provider, model, usage) / 2
