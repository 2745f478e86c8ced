"""Cancelling a batch: what no provider has seen is taken back, what is paid for stays on record."""

from django.db import transaction
from django.utils import timezone

from assessment.models import Batch, ComparisonPair
from llmprovider.contracts import ErrorCode, ErrorType
from llmprovider.contracts import queue as judge_queue


def cancel(batch_id: int) -> bool:
    """End the batch as CANCELLED; True if this call ended it, False if it had ended before.

    Calls under way are not interrupted; their answers are kept, and change nothing.
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
            failed=batch.failed,
            completed_at=timezone.now(),
        )


def withdraw_pending(batch: Batch) -> None:
    """Leave no comparison pending (the caller holds the lock and stores the counters).

    What no provider has seen is taken back: it counts no more. What is in a call under way was
    sent and is paid for, so it counts as failed; its answer is kept with the attempt.
    """
    taken = judge_queue.withdraw(str(batch.pk))
    pending = list(batch.pairs.filter(status=ComparisonPair.Status.PENDING))
    now = timezone.now()
    for pair in pending:
        if pair.correlation_id in taken:
            pair.status = ComparisonPair.Status.WITHDRAWN
            batch.submitted -= 1
        else:
            pair.status = ComparisonPair.Status.FAILED
            pair.error = {
                "code": ErrorCode.CANCELLED,
                "error_type": ErrorType.CANCELLED,
                "message": "the batch ended before this comparison was answered",
                "retryable": False,
            }
            pair.completed_at = now
            batch.failed += 1
    ComparisonPair.objects.bulk_update(pending, ["status", "error", "completed_at"], batch_size=500)
