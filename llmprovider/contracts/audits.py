"""Doors for those who check that both apps' rows agree: expressions for the caller's own queries.

`correlation_id` and `batch_key` refer to columns of the caller's query.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import CharField, DecimalField, Exists, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable

from llmprovider.checks import CHECKS
from llmprovider.models import BatchAccount, BatchJob, ProviderCall, QueueItem

__all__ = [
    "CHECKS",
    "charged",
    "comparisons_for",
    "deliver_again",
    "has_unfinished",
    "in_queue",
    "is_delivered",
    "keeps_places",
    "rows_checked",
    "unwanted",
    "winner",
]


def in_queue(correlation_id: Combinable) -> Exists:
    """Whether the queue has the comparison, ended or not."""
    return Exists(QueueItem.objects.filter(correlation_id=correlation_id))


def is_delivered(correlation_id: Combinable) -> Exists:
    """Whether the caller has acknowledged its result."""
    return Exists(
        QueueItem.objects.filter(correlation_id=correlation_id, delivered_at__isnull=False)
    )


def winner(correlation_id: Combinable) -> Subquery:
    """`essay_a`, `essay_b`, or empty; NULL where the queue does not have the comparison."""
    found = QueueItem.objects.filter(correlation_id=correlation_id).values("winner")
    return Subquery(found, output_field=CharField())


def charged(correlation_id: Combinable) -> Subquery:
    """USD; NULL where the queue does not have the comparison."""
    found = QueueItem.objects.filter(correlation_id=correlation_id).values("cost_usd")
    return Subquery(found, output_field=DecimalField(max_digits=14, decimal_places=8))


def has_unfinished(batch_key: Combinable) -> Exists:
    """Whether a batch has comparisons without an outcome, or with one that nobody recorded."""
    waiting = Q(status__in=QueueItem.OPEN) | Q(delivered_at__isnull=True)
    return Exists(QueueItem.objects.filter(waiting, batch_key=batch_key))


def unwanted(batch_key: Combinable) -> Exists:
    """Whether comparisons of a batch that has ended may still be asked, or asked again."""
    asked = Q(status=QueueItem.Status.QUEUED) | Q(status__in=QueueItem.OPEN, withdrawn=False)
    return Exists(QueueItem.objects.filter(asked, batch_key=batch_key))


def keeps_places(batch_key: Combinable) -> Exists:
    """Whether the queue waits for more comparisons of a batch."""
    return Exists(BatchAccount.objects.filter(pk=batch_key, expected__gt=0))


def comparisons_for(on_results: str) -> QuerySet:
    """The comparisons whose results this task takes home; columns `correlation_id`, `batch_key`."""
    items = QueueItem.objects.filter(bundle__on_results=on_results)
    return items.order_by("pk").values_list("correlation_id", flat=True)


def deliver_again(correlation_ids: Iterable[UUID]) -> set[str]:
    """Take back an acknowledgement; returns the parcels whose results are to be recorded."""
    items = QueueItem.objects.filter(
        correlation_id__in=list(correlation_ids), finished_at__isnull=False
    )
    items.update(delivered_at=None)
    return {str(bundle) for bundle in items.values_list("bundle_id", flat=True)}


def rows_checked(batch_key: str | None) -> Mapping[str, int]:
    """How many rows the checks look at, by what they are."""
    mine = Q() if batch_key is None else Q(batch_key=batch_key)
    in_jobs = Q() if batch_key is None else Q(bundles__batch_key=batch_key)
    return {
        "queue items": QueueItem.objects.filter(mine).count(),
        "provider calls": ProviderCall.objects.filter(mine).count(),
        "batch jobs": BatchJob.objects.filter(in_jobs).distinct().count(),
    }
