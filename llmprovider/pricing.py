"""Prices: what a call cost, by token class, from a maintained price table."""

from decimal import Decimal

from genai_prices import Usage, calc_price

from llmprovider.contracts import TokenUsage

COST_UNIT = Decimal("0.00000001")
FREE_PROVIDERS = frozenset({"mock"})


class UnknownPrice(LookupError):
    """No price is known for the model, so no cost can be stated."""


def cost_of(provider: str, model: str, usage: TokenUsage) -> Decimal:
    """USD for `usage` at list price, to 8 decimals. Raises UnknownPrice.

    `usage.input` counts every input token, cached ones included; the table prices each class.
    """
    if provider in FREE_PROVIDERS:
        return Decimal(0)
    try:
        price = calc_price(
            Usage(
                input_tokens=usage.input,
                output_tokens=usage.output,
                cache_read_tokens=usage.cache_read,
                cache_write_tokens=usage.cache_write,
            ),
            model_ref=model,
            provider_id=provider,
        )
    except LookupError as error:
        raise UnknownPrice(f"no price is known for {provider} {model}") from error
    return Decimal(price.total_price).quantize(COST_UNIT)


def has_price(provider: str, model: str) -> bool:
    try:
        cost_of(provider, model, TokenUsage(input=1, output=1))
    except UnknownPrice:
        return False
    return True
