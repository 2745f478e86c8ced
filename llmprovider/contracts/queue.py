"""The queue's doors for the app that asks: submit, fetch, acknowledge, withdraw, account.

Everything else of this app is its own affair.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from celery import chain
from django.db import transaction
from django.db.models import DecimalField, Q, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils import timezone

from llmprovider import clean_up, enqueueing, messages
from llmprovider.call_plans import NOTHING, Estimate, estimate
from llmprovider.conf import get_settings
from llmprovider.contracts.comparisons import (
    ComparisonRequest,
    ComparisonResult,
    ErrorDetail,
    ErrorType,
    TokenUsage,
)
from llmprovider.enqueueing import QueueFull
from llmprovider.mock_judges import define_mock_judge, has_mock_judge
from llmprovider.models import ProviderCall, QueueItem
from llmprovider.outcomes import Failure, error_detail, provider_metadata
from llmprovider.pricing import has_price
from llmprovider.providers.registry import PROVIDERS, is_mock, judge_problem

__all__ = [
    "NOTHING",
    "Estimate",
    "QueueFull",
    "acknowledge",
    "calls_of",
    "capacity",
    "cost_expression",
    "default_model",
    "define_mock_judge",
    "estimate",
    "has_mock_judge",
    "has_price",
    "is_mock",
    "judge_problem",
    "recover_lone_process",
    "results_of",
    "settings_in_force",
    "submit",
    "totals_of",
    "unfinished",
    "withdraw",
]


def submit(requests: Sequence[ComparisonRequest]) -> list[chain]:
    """Store `requests` in the caller's transaction; returns one judge-and-deliver chain a bundle.

    Send the chains on commit, as the header of a chord. Raises QueueFull with nothing stored.
    """
    bundles = enqueueing.enqueue(requests)
    return [messages.process_then_deliver(bundle) for bundle in bundles]


def results_of(bundle_id: str) -> list[ComparisonResult]:
    """Finished and not yet acknowledged comparisons of a bundle, in its order."""
    items = (
        QueueItem.objects.filter(
            bundle_id=bundle_id, delivered_at__isnull=True, finished_at__isnull=False
        )
        .select_related("call")
        .order_by("bundle_index")
    )
    return [_result(item) for item in items]


def _result(item: QueueItem) -> ComparisonResult:
    return ComparisonResult(
        request_id=item.pk,
        correlation_id=item.correlation_id,
        winner=item.winner or None,
        confidence=item.confidence,
        justification=item.justification or None,
        error_detail=ErrorDetail.model_validate(item.error) if item.error else None,
        provider=item.provider,
        model=item.call.resolved_model or item.model if item.call else item.model,
        response_time_ms=item.call.latency_ms if item.call else None,
        token_usage=TokenUsage(**item.usage),
        cost_usd=item.cost_usd,
        requested_at=item.enqueued_at,
        completed_at=item.finished_at or timezone.now(),
        request_metadata={**item.provider_metadata, **item.metadata},
    )


def acknowledge(correlation_ids: Iterable[UUID]) -> None:
    """The caller has recorded these results (in this transaction): deliver them no more."""
    QueueItem.objects.filter(
        correlation_id__in=list(correlation_ids), delivered_at__isnull=True
    ).update(delivered_at=timezone.now())


def withdraw(batch_key: str) -> set[UUID]:
    """Take back every comparison of a batch that no provider has seen; returns their ids.

    They end as CANCELLED and count as delivered: the caller knows. Those in a call under way end
    with that call, whatever it brings, and are not asked again.
    """
    now = timezone.now()
    failure = Failure(ErrorType.CANCELLED, "withdrawn by the caller")
    with transaction.atomic():
        open_items = list(
            QueueItem.objects.select_for_update()
            .filter(batch_key=batch_key, status__in=QueueItem.OPEN)
            .order_by("pk")
        )
        taken = [item for item in open_items if item.status == QueueItem.Status.QUEUED]
        for item in open_items:
            item.withdrawn = True
        for item in taken:
            item.status = QueueItem.Status.CANCELLED
            item.error = error_detail(item, failure, now)
            item.provider_metadata = provider_metadata(item, None, "")
            item.finished_at = item.delivered_at = now
        fields = [
            "withdrawn",
            "status",
            "error",
            "provider_metadata",
            "finished_at",
            "delivered_at",
        ]
        QueueItem.objects.bulk_update(open_items, fields, batch_size=500)
    return {item.correlation_id for item in taken}


def capacity() -> int:
    """Most comparisons that the queue holds unfinished; more at once never fit."""
    return get_settings().QUEUE_CAPACITY


def settings_in_force() -> dict[str, Any]:
    """This service's settings, for the record of a run; none of them is a secret."""
    return get_settings().model_dump(mode="json")


def unfinished(batch_key: str) -> int:
    """Comparisons of a batch that have no outcome yet, or one that nobody has recorded."""
    waiting = Q(status__in=QueueItem.OPEN) | Q(delivered_at__isnull=True)
    return QueueItem.objects.filter(waiting, batch_key=batch_key).count()


def calls_of(batch_key: str) -> list[dict[str, Any]]:
    """Every provider call of a batch, oldest first, without any text."""
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
            "reasoning_tokens": call.reasoning_tokens,
            "cost_usd": float(call.cost_usd),
            "priced": call.priced,
            "error_type": call.error_type or None,
            "latency_ms": call.latency_ms,
            "started_at": call.started_at.isoformat(),
        }
        for call in ProviderCall.objects.filter(batch_key=batch_key).order_by("started_at", "id")
    ]


def totals_of(batch_key: str) -> Mapping[str, Any]:
    """{calls, unpriced_calls, input_tokens, output_tokens, cost_usd} of a batch so far."""
    calls = ProviderCall.objects.filter(batch_key=batch_key)
    sums = calls.aggregate(
        input_tokens=Sum("input_tokens", default=0),
        output_tokens=Sum("output_tokens", default=0),
        cost_usd=Sum("cost_usd", default=Decimal(0)),
    )
    return {
        "calls": calls.count(),
        "unpriced_calls": calls.filter(priced=False).count(),
        **sums,
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


def default_model(provider: str) -> str:
    """The model meant when only the provider is named; empty where there is none."""
    known = PROVIDERS.get(provider)
    return known.default_model if known else ""


def recover_lone_process(now: datetime) -> None:
    """After a crash of the only process on this database: nothing is leased, no message lives."""
    clean_up.clean_up(now, lone_process=True)
