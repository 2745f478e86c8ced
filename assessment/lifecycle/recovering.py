"""Last resort for a batch that shows no activity although its messages were sent again."""

import logging
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from assessment.lifecycle import messages
from assessment.lifecycle.cancelling import withdraw_pending
from assessment.log_names import fields_of
from assessment.metrics import FAILED_BATCHES, STUCK_BATCHES
from assessment.models import Batch
from llmprovider.contracts.counting import count
from llmprovider.contracts.log_events import tell

log = logging.getLogger(__name__)

# Share of what was submitted that must be answered for scores to be worth writing.
ENOUGH_ANSWERS = 0.8


def recover(batch_id: int, silent_since: datetime) -> None:
    """End a batch that shows no activity since `silent_since`, through the one finaliser.

    With enough answers it is scored as it stands (`forced_recovery`), else it fails
    (`stuck_timeout`). One that was already being scored has failed to be, time and again.
    """
    with transaction.atomic():
        # A batch that somebody works on is not silent: skip it where the database can tell.
        batch = (
            Batch.objects.select_for_update(skip_locked=connection.features.has_select_for_update)
            .filter(pk=batch_id, last_activity_at__lte=silent_since)
            .exclude(status__in=Batch.ENDED)
            .first()
        )
        if batch is None:
            return
        if batch.status == Batch.Status.SCORING:
            _end_unscored(batch)
        else:
            _hand_to_finaliser(batch)


def _hand_to_finaliser(batch: Batch) -> None:
    submitted, answered = batch.submitted, batch.callbacks
    enough = bool(batch.completed) and answered >= ENOUGH_ANSWERS * submitted
    withdraw_pending(batch)
    reason = Batch.StopReason.FORCED_RECOVERY if enough else Batch.StopReason.STUCK_TIMEOUT
    silence = f"no activity since {batch.last_activity_at:%Y-%m-%d %H:%M} UTC"
    batch.step_to(
        Batch.Status.SCORING,
        submitted=batch.submitted,
        failed=batch.failed,
        stop_reason=reason,
        announced_at=None,
        woken_at=None,  # the finaliser is given as long as anybody
        failure="" if enough else f"{silence}, {answered} of {submitted} comparisons answered",
    )
    transaction.on_commit(lambda: messages.finalise_batch(batch.pk))
    tell(log, logging.ERROR, "batch_recovered", **fields_of(batch), reason=reason)


def _end_unscored(batch: Batch) -> None:
    withdraw_pending(batch)  # measuring may have failed before all was answered
    batch.step_to(
        Batch.Status.FAILED,
        submitted=batch.submitted,
        failed=batch.failed,
        stop_reason=Batch.StopReason.INTERNAL_ERROR,
        failure="the scores could not be written; the log says why",
        completed_at=timezone.now(),
    )
    count(STUCK_BATCHES, outcome="failed")
    count(FAILED_BATCHES, reason=str(Batch.StopReason.INTERNAL_ERROR))
    tell(
        log,
        logging.ERROR,
        "batch_given_up",
        "a batch could not be scored and is given up:",
        **fields_of(batch),
    )
