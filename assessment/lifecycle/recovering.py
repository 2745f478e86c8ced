"""Last resort for a batch that shows no activity although its messages were sent again."""

import logging
from datetime import datetime, timedelta

from django.db import connection, transaction

from assessment.conf import get_settings
from assessment.lifecycle import messages
from assessment.lifecycle.cancelling import withdraw_pending
from assessment.models import Batch, ComparisonPair
from llmprovider.contracts import queue as judge_queue

log = logging.getLogger(__name__)

# Share of what was submitted that must be answered for scores to be worth writing.
ENOUGH_ANSWERS = 0.8


def recover_silent(now: datetime) -> None:
    """End, through the one finaliser, every batch that no message can help any more.

    That is one in mid-wave, silent for BATCH_TIMEOUT_SECONDS, whose unanswered comparisons are
    unknown to the queue. As long as the queue knows them, leases and times to live bound the wait;
    a batch that only missed a message (its process was down over night) goes on as if nothing was.
    """
    silent_since = now - timedelta(seconds=get_settings().BATCH_TIMEOUT_SECONDS)
    silent = (
        Batch.objects.filter(status=Batch.Status.COMPARING, last_activity_at__lte=silent_since)
        .filter(pairs__status=ComparisonPair.Status.PENDING)
        .distinct()
    )
    for batch_id in list(silent.values_list("pk", flat=True)):
        if not judge_queue.unfinished(str(batch_id)):
            _recover(batch_id, silent_since)


def _recover(batch_id: int, silent_since: datetime) -> None:
    with transaction.atomic():
        # A batch that somebody works on is not silent: skip it where the database can tell.
        batch = (
            Batch.objects.select_for_update(skip_locked=connection.features.has_select_for_update)
            .filter(pk=batch_id, last_activity_at__lte=silent_since)
            .first()
        )
        if batch is None or batch.status != Batch.Status.COMPARING:
            return
        submitted, answered = batch.submitted, batch.callbacks
        enough = bool(batch.completed) and answered >= ENOUGH_ANSWERS * submitted
        withdraw_pending(batch)
        batch.step_to(
            Batch.Status.SCORING,
            submitted=batch.submitted,
            stop_reason=(
                Batch.StopReason.FORCED_RECOVERY if enough else Batch.StopReason.STUCK_TIMEOUT
            ),
            failure=(
                ""
                if enough
                else f"no activity since {batch.last_activity_at:%Y-%m-%d %H:%M} UTC, "
                f"{answered} of {submitted} comparisons answered"
            ),
        )
        transaction.on_commit(lambda: messages.finalise_batch(batch_id))
    log.error(
        "recovered batch=%s reason=%s answered=%d of %d",
        batch_id,
        batch.stop_reason,
        answered,
        submitted,
    )
