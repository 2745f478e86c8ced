"""Prices: what a call cost, by token class, from a maintained price table."""

from decimal import Decimal

from genai_prices import Usage, calc_price

from llmprovider.contracts import GivenPrice, TokenUsage

COST_UNIT = Decimal("0.00000001")
FREE_PROVIDERS = frozenset({"mock"})
# The table finds the nearest name by itself, and would bill a local server like OpenAI.
LISTED_PROVIDERS = frozenset({"anthropic", "openai"})

# Of the live price, by both providers that take batch jobs, for every class of token.
BATCH_SHARE = Decimal("0.5")


class UnknownPrice(LookupError):
    """No price is known for the model, so no cost can be stated."""


def cost_of(provider: str, model: str, usage: TokenUsage, *, batch: bool = False) -> Decimal:
    """USD for `usage` at list price, to 8 decimals. Raises UnknownPrice.

    `usage.input` counts every input token, cached ones included; the table prices each class.
    """
    if provider in FREE_PROVIDERS:
        return Decimal(0)
    if provider not in LISTED_PROVIDERS:
        raise UnknownPrice(f"no price is known for {provider} {model}")
    try:
        price = calc_price(
            Usage(
                input_tokens=usage.input,
                output_tokens=usage.output,
                cache_read_tokens=usage.cache_read,
                cache_write_tokens=usage.cache_write,
                cache_write_1h_tokens=usage.cache_write_1h,
            ),
            model_ref=model,
            provider_id=provider,
            price_context={"processing": "batch"} if batch else None,
        )
    except LookupError as error:
        raise UnknownPrice(f"no price is known for {provider} {model}") from error
    except ValueError as error:
        # More cached than sent, say: a server that counts wrongly.
        raise UnknownPrice(f"{provider} reported tokens that cannot be priced") from error
    return Decimal(price.total_price).quantize(COST_UNIT)


def cost_at(price: GivenPrice, usage: TokenUsage, *, batch: bool = False) -> Decimal:
    """USD for `usage` at a price the caller gave for live calls, to 8 decimals."""
    total = usage.input * price.input_per_million + usage.output * price.output_per_million
    share = BATCH_SHARE if batch else 1
    return (share * total / 1_000_000).quantize(COST_UNIT)


def has_price(provider: str, model: str) -> bool:
    try:
        cost_of(provider, model, TokenUsage(input=1, output=1))
    except UnknownPrice:
        return False
    return True
