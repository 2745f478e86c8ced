"""What a call costs, at the price the caller gave for the judge, else at list price."""

from decimal import Decimal

from llmprovider.contracts import Overrides, TokenUsage
from llmprovider.costs.pricing import UnknownPrice, cost_at, cost_of


def call_cost(
    judge: Overrides, usage: TokenUsage, *, answered_by: str = "", batch: bool = False
) -> Decimal | None:
    """USD for `usage`, or None where no price is known: the cost is then unknown, not nothing.

    `answered_by`: the model that the answer names, whose list price counts before that of the model
    asked for. `batch`: as part of a vendor's batch job. A given price is that of a live call.
    """
    if judge.price is not None:
        return cost_at(judge.price, usage, batch=batch)
    for model in filter(None, (answered_by, judge.model)):
        try:
            return cost_of(judge.provider, model, usage, batch=batch)
        except UnknownPrice:
            continue
    return None


def most_it_costs(judge: Overrides, most: TokenUsage, *, batch: bool = False) -> Decimal | None:
    """USD that a call with at most these tokens can cost; None where no price is known.

    Of `most`, the tokens written to a cache cost more than others with some vendors and less with
    none, so both ways are looked at.
    """
    plain = most.model_copy(update={"cache_write": 0, "cache_write_1h": 0})
    costs = [call_cost(judge, most, batch=batch), call_cost(judge, plain, batch=batch)]
    known = [cost for cost in costs if cost is not None]
    return max(known) if known else None
