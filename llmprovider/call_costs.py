"""What a call costs, at the price the caller gave for the judge, else at list price."""

from decimal import Decimal

from llmprovider.contracts import Overrides, TokenUsage
from llmprovider.pricing import UnknownPrice, cost_at, cost_of


def call_cost(
    judge: Overrides, usage: TokenUsage, *, answered_by: str = "", batch: bool = False
) -> Decimal | None:
    """USD for `usage`, or None where no price is known: the cost is then unknown, not nothing.

    `answered_by`: the model that the answer names, whose list price counts before that of the model
    asked for. `batch`: as part of a vendor's batch job; a given price says nothing about those.
    """
    if judge.price is not None:
        return None if batch else cost_at(judge.price, usage)
    for model in filter(None, (answered_by, judge.model)):
        try:
            return cost_of(judge.provider, model, usage, batch=batch)
        except UnknownPrice:
            continue
    return None
