"""Starting a batch: the first wave, or the end at once where nothing can be compared."""

import logging

from django.db import transaction

from assessment.lifecycle import messages
from assessment.lifecycle.waves.launching import launch_wave
from assessment.lifecycle.waves.plans import plan_next_wave
from assessment.log_names import fields_of
from assessment.metrics import LLM_BATCHES_STARTED
from assessment.models import Batch
from llmprovider.contracts import queue as judge_queue
from llmprovider.contracts.counting import count
from llmprovider.contracts.log_events import tell

log = logging.getLogger(__name__)


def announce(batch: Batch) -> None:
    """Have the batch started by a worker once the caller's transaction is committed."""
    transaction.on_commit(lambda: messages.start_batch(batch.pk))


def start(batch_id: int) -> None:
    """PENDING to COMPARING with the first wave; a no-op in any other state.

    A full queue leaves the batch PENDING, to be tried again.
    """
    batch = Batch.objects.get(pk=batch_id)
    if batch.status != Batch.Status.PENDING:
        return
    comparable = batch.essays.count() >= 2 and batch.completion_denominator
    # What it rests on does not change before the start, so nobody need wait while it is made.
    plan = plan_next_wave(batch) if comparable else None
    try:
        with transaction.atomic():
            batch = Batch.objects.select_for_update().get(pk=batch_id)
            if batch.status != Batch.Status.PENDING:
                return
            if plan is None:
                batch.step_to(
                    Batch.Status.SCORING, stop_reason=Batch.StopReason.INSUFFICIENT_ESSAYS
                )
                transaction.on_commit(lambda: messages.finalise_batch(batch_id))
                return
            batch.step_to(Batch.Status.COMPARING)
            launch_wave(batch, plan)
            count(LLM_BATCHES_STARTED, batching_mode=batch.llm_batching_mode)
    except judge_queue.QueueFull as full:
        tell(log, logging.WARNING, "batch_waits_to_start", **fields_of(batch), why=full)
