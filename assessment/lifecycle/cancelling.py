"""Cancelling a batch: what no provider has seen is taken back, what is paid for stays on record."""

from django.db import transaction
from django.utils import timezone

from assessment.models import Batch, ComparisonPair
from llmprovider.contracts import queue as judge_queue


def cancel(batch_id: int) -> bool:
    """End the batch as CANCELLED; True if this call ended it, False if it had ended before.

    Calls under way are not interrupted; their answers are kept as late results.
    """
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=batch_id)
        if batch.ended:
            return False
        withdraw_pending(batch)
        return batch.step_to(
            Batch.Status.CANCELLED,
            stop_reason=Batch.StopReason.CANCELLED,
            submitted=batch.submitted,
            completed_at=timezone.now(),
        )


def withdraw_pending(batch: Batch) -> None:
    """Take unanswered comparisons out of the queue and of the count (caller holds the lock)."""
    judge_queue.withdraw(str(batch.pk))
    pending = batch.pairs.filter(status=ComparisonPair.Status.PENDING)
    batch.submitted -= pending.update(status=ComparisonPair.Status.WITHDRAWN)
