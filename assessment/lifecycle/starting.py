"""Starting a batch: the first wave, or the end at once where nothing can be compared."""

import logging

from django.db import transaction

from assessment.lifecycle import messages
from assessment.lifecycle.launching import launch_wave, plan_next_wave
from assessment.models import Batch
from llmprovider.contracts import queue as judge_queue

log = logging.getLogger(__name__)


def announce(batch: Batch) -> None:
    """Have the batch started by a worker once the caller's transaction is committed."""
    transaction.on_commit(lambda: messages.start_batch(batch.pk))


def start(batch_id: int) -> None:
    """PENDING to COMPARING with the first wave, in one transaction; a no-op in any other state.

    A full queue leaves the batch PENDING, to be tried again.
    """
    try:
        with transaction.atomic():
            batch = Batch.objects.select_for_update().get(pk=batch_id)
            if batch.status != Batch.Status.PENDING:
                return
            if batch.essays.count() < 2 or not batch.completion_denominator:
                batch.step_to(
                    Batch.Status.SCORING, stop_reason=Batch.StopReason.INSUFFICIENT_ESSAYS
                )
                transaction.on_commit(lambda: messages.finalise_batch(batch_id))
                return
            batch.step_to(Batch.Status.COMPARING)
            launch_wave(batch, plan_next_wave(batch))
    except judge_queue.QueueFull as full:
        log.warning("batch %s waits to be started: %s", batch_id, full)
