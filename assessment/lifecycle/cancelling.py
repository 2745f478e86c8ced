"""Cancelling a batch: what no provider has seen is taken back, what is paid for stays on record."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from assessment.models import Batch, ComparisonPair, PairAttempt
from llmprovider.contracts import ErrorCode, ErrorType
from llmprovider.contracts import queue as judge_queue

# Rows changed at a time.
CHUNK = 500


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
    # Of a launch that was not complete.
    asked = PairAttempt.objects.filter(correlation_id=OuterRef("correlation_id"))
    pending = batch.pairs.filter(status=ComparisonPair.Status.PENDING).annotate(asked=Exists(asked))
    unseen: list[int] = []
    under_way: list[int] = []
    for key, correlation_id, was_asked in pending.values_list("pk", "correlation_id", "asked"):
        (unseen if correlation_id in taken or not was_asked else under_way).append(key)
    batch.submitted -= len(unseen)
    batch.failed += len(under_way)
    batch.waves.filter(launched_round__lt=F("round")).update(planned=[])
    _update(unseen, status=ComparisonPair.Status.WITHDRAWN)
    _update(
        under_way,
        status=ComparisonPair.Status.FAILED,
        error={
            "code": ErrorCode.CANCELLED,
            "error_type": ErrorType.CANCELLED,
            "message": "the batch ended before this comparison was answered",
            "retryable": False,
        },
        completed_at=timezone.now(),
    )


def _update(keys: Sequence[int], **values: object) -> None:
    # All alike in one statement: there may be very many, and nobody else writes meanwhile.
    for start in range(0, len(keys), CHUNK):
        ComparisonPair.objects.filter(pk__in=keys[start : start + CHUNK]).update(**values)
