"""What a provider's response or error says about a call and each of its comparisons; unsaved.

The same for a call of its own and for a request of a batch job.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from llmprovider.calls.outcomes import USAGE_FIELDS, Failure, ItemOutcome
from llmprovider.contracts import ErrorType, Overrides
from llmprovider.costs.calls import call_cost
from llmprovider.models import ProviderCall, QueueItem
from llmprovider.prompting.answers import read_answer
from llmprovider.prompting.prompts import item_ids
from llmprovider.providers.base import ProviderError, ProviderResponse, Stop

# Failed calls that the provider may bill all the same: it may have written the whole answer.
BILL_UNKNOWN: Final = frozenset(
    {ErrorType.TIMEOUT, ErrorType.CONNECTION, ErrorType.INVALID_RESPONSE}
)


@dataclass(frozen=True)
class Noted:
    """Each item's outcome by its key. `unreadable`: the text as a whole is not an answer."""

    outcomes: dict[object, ItemOutcome]
    unreadable: bool = False


def note_answer(
    call: ProviderCall, items: Sequence[QueueItem], judge: Overrides, response: ProviderResponse
) -> Noted:
    """Write answer, tokens and bill into the call. `items`: those asked, in their order.

    Where the bill is not known, what the call may have cost stays reserved.
    """
    noted = _outcomes(call, items, response)
    call.resolved_model = response.model
    call.vendor_request_id = response.request_id
    cost = None
    if response.usage is not None:
        for kind, field in USAGE_FIELDS.items():
            setattr(call, field, getattr(response.usage, kind))
        batch = call.job_id is not None
        cost = call_cost(judge, response.usage, answered_by=response.model, batch=batch)
    call.priced = cost is not None
    if cost is not None:
        call.cost_usd, call.reserved_usd = cost, Decimal(0)
    return noted


def _outcomes(call: ProviderCall, items: Sequence[QueueItem], response: ProviderResponse) -> Noted:
    if response.stop is Stop.REFUSAL:
        call.error_type = ErrorType.REFUSAL
        refusal = Failure(ErrorType.REFUSAL, "the model declined to judge these texts")
        return Noted({item.pk: refusal for item in items})
    truncated = response.stop is Stop.MAX_TOKENS
    names = item_ids(len(items))
    answer = read_answer(response.text, names, truncated=truncated)
    outcomes: dict[object, ItemOutcome] = {}
    for name, item in zip(names, items, strict=True):
        if name in answer.verdicts:
            outcomes[item.pk] = answer.verdicts[name]
        else:
            problem = answer.problems[name]
            outcomes[item.pk] = Failure(problem.error_type, problem.message)
    call.unknown_items = answer.unknown_items
    if truncated:
        call.error_type = ErrorType.MAX_TOKENS
    elif len(answer.problems) == len(items):
        call.error_type = ErrorType.INVALID_RESPONSE
    return Noted(outcomes, unreadable=not answer.readable)


def note_error(
    call: ProviderCall,
    error: ProviderError,
    *,
    items: int,
    bill_unknown: frozenset[ErrorType] = BILL_UNKNOWN,
) -> Failure:
    """Write an error into the call; returns what became of each of its `items` comparisons.

    After the types in `bill_unknown` what it may have cost stays reserved.
    """
    call.error_type = error.error_type
    call.error_message = error.message[:500]
    call.vendor_request_id = error.request_id
    # A failed call is not billed, unless the failure is that we did not get what was answered.
    call.priced = call.mock or error.unsent or error.error_type not in bill_unknown
    if call.priced:
        call.reserved_usd = Decimal(0)
    return Failure(
        error.error_type,
        error.message,
        error.retry_after,
        outage=error.outage,
        size=error.size and items > 1,
        turned_away=error.error_type is ErrorType.RATE_LIMIT
        and not error.size
        and call.job_id is None,
    )
