"""What judging will cost, and what it has cost, for the app that pays: see `queue`."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from llmprovider.costs.estimates import NOTHING, Estimate, cheapest_call, estimate
from llmprovider.costs.pricing import has_price
from llmprovider.costs.sums import CostSum, JudgeCost, costs_by_day, costs_of_batch, sums, total_of
from llmprovider.costs.tables import COST_HEAD, cost_rows
from llmprovider.models import ProviderCall

__all__ = [
    "COST_HEAD",
    "NOTHING",
    "CostSum",
    "Estimate",
    "JudgeCost",
    "calls_of",
    "cheapest_call",
    "cost_expression",
    "cost_rows",
    "costs_by_day",
    "costs_of_batch",
    "estimate",
    "has_price",
    "total_of",
    "totals_of",
]


def calls_of(batch_key: str) -> list[dict[str, Any]]:
    """Every provider call of a batch, oldest first, without any text.

    `cost_usd` is None where the bill is not known; up to `reserved_usd` may be billed yet.
    """
    return [
        {
            "id": str(call.pk),
            "bundle_id": str(call.bundle_id),
            "provider": call.provider,
            "model": call.resolved_model or call.model,
            "items": call.items_count,
            "attempt": call.attempt,
            "input_tokens": call.input_tokens,
            "output_tokens": call.output_tokens,
            "cache_read_tokens": call.cache_read_tokens,
            "cache_write_tokens": call.cache_write_tokens,
            "cache_write_1h_tokens": call.cache_write_1h_tokens,
            "reasoning_tokens": call.reasoning_tokens,
            "cost_usd": float(call.cost_usd) if call.priced and not call.reserved_usd else None,
            "priced": call.priced,
            "reserved_usd": float(call.reserved_usd),
            "error_type": call.error_type or None,
            "latency_ms": call.latency_ms,
            "job_id": str(call.job_id) if call.job_id else None,
            "started_at": call.started_at.isoformat(),
            "finished_at": call.finished_at.isoformat() if call.finished_at else None,
        }
        for call in ProviderCall.objects.filter(batch_key=batch_key).order_by("started_at", "id")
    ]


def totals_of(batch_key: str) -> Mapping[str, Any]:
    """Of a batch so far: {calls, input_tokens, output_tokens, cost_usd, known_usd, ...}.

    `cost_usd` is the known part; `known_usd` is None where that is no part at all. `unpriced_calls`
    were answered by a model without a known price; `unanswered_calls` have no bill yet, and may
    cost up to `reserved_usd` more.
    """
    found = sums(ProviderCall.objects.filter(batch_key=batch_key))
    return {
        "calls": found.calls,
        "input_tokens": found.input_tokens,
        "output_tokens": found.output_tokens,
        "cost_usd": found.usd,
        "known_usd": found.known_usd,
        "unpriced_calls": found.unpriced_calls,
        "unanswered_calls": found.unanswered_calls,
        "reserved_usd": found.reserved_usd,
    }


def cost_expression(batch_key: Combinable) -> Combinable:
    """USD spent so far as part of the caller's own query; `batch_key` refers to its row's key."""
    spent = (
        ProviderCall.objects.filter(batch_key=batch_key)
        .order_by()
        .values("batch_key")
        .annotate(spent=Sum("cost_usd"))
        .values("spent")
    )
    money = DecimalField(max_digits=14, decimal_places=8)
    return Coalesce(Subquery(spent), Decimal(0), output_field=money)
