"""What a batch has cost so far, as it is told everywhere."""

from typing import Any

from assessment.models import Batch
from llmprovider.contracts import bills


def cost_so_far(batch: Batch) -> dict[str, Any]:
    """USD, calls and tokens, failed calls included.

    `usd` is the known part, None where no price is known; `usd_per_comparison` is per verdict, None
    where a price is missing. `unanswered_calls` have no bill that is known: up to
    `unanswered_at_most_usd` comes on top.
    """
    totals = bills.totals_of(str(batch.pk))
    known, unpriced = totals["known_usd"], totals["unpriced_calls"]
    whole = batch.completed and known is not None and not unpriced
    return {
        "usd": float(known) if known is not None else None,
        "usd_per_comparison": float(known / batch.completed) if whole else None,
        "currency": "USD",
        "calls": totals["calls"],
        "unpriced_calls": unpriced,
        "unanswered_calls": totals["unanswered_calls"],
        "unanswered_at_most_usd": float(totals["reserved_usd"]),
        "input_tokens": totals["input_tokens"],
        "output_tokens": totals["output_tokens"],
    }
