"""Tasks of the assessment: thin, and safe to run twice."""

import logging

from celery import Task, shared_task
from django.utils import timezone

from assessment.lifecycle import finalising, messages, monitoring, starting
from assessment.lifecycle.waves import finishing, long_launches, recording
from assessment.models import Heartbeat
from assessment.outbox import messages as outbox_messages
from assessment.outbox.delivering import deliver_due
from llmprovider.contracts import queue as judge_queue
from llmprovider.contracts.faults import fault_of
from llmprovider.contracts.log_contexts import batch_context, fault_context
from llmprovider.contracts.log_events import tell

log = logging.getLogger(__name__)

# Seconds; what comes later than the chord finds the round closed, and costs one query.
CHORD_COMES_FIRST = 1.0


@shared_task(name=messages.START_BATCH)
def start_batch(batch_id: int) -> None:
    """Launch the first wave of a batch that has none."""
    with batch_context(batch_id):
        starting.start(batch_id)


@shared_task(name=messages.LAUNCH_WAVE)
def launch_wave(batch_id: int, wave_number: int, wave_round: int) -> None:
    """Put what is left of a large round into the queue; a no-op when nothing is."""
    with batch_context(batch_id, wave=wave_number, round=wave_round):
        long_launches.go_on(batch_id, wave_number, wave_round)


@shared_task(name=messages.RECORD_RESULTS, bind=True, ignore_result=False)
def record_results(self: Task, parcel: str) -> int:
    """Take a parcel's results home; returns 0, as the rows hold what matters.

    The last result has the wave weighed. Inside a chord that is left to the chord's body first; but
    a chord may wait for a ticket that works for other batches by now, so it is asked for anyway.
    """
    try:
        complete = recording.record_parcel(parcel)
    except Exception as error:  # not acknowledged, so the queue's clean-up delivers it again
        with judge_queue.parcel_context(parcel), fault_context(error):
            tell(log, logging.ERROR, "results_not_recorded", parcel=parcel, fault=fault_of(error))
        return 0
    wait = CHORD_COMES_FIRST if self.request.chord else None
    for wave in complete:
        messages.finish_wave(wave.batch_id, wave.number, wave.round, wait=wait)
    return 0


@shared_task(name=messages.FINISH_WAVE)
def finish_wave(batch_id: int, wave_number: int, wave_round: int) -> None:
    """Weigh a round of a wave and go on; a no-op when it was weighed or is not complete."""
    with batch_context(batch_id, wave=wave_number, round=wave_round):
        finishing.finish_wave(batch_id, wave_number, wave_round)


@shared_task(name=messages.FINALISE_BATCH)
def finalise_batch(batch_id: int) -> None:
    """Write the scores and grades of a batch that has stopped comparing."""
    with batch_context(batch_id):
        finalising.finalise(batch_id)


@shared_task(name="assessment.monitor_batches")
def monitor_batches() -> None:
    """Wake whatever a lost message left behind, and note that the sweeps are at work."""
    now = timezone.now()
    monitoring.monitor(now)
    Heartbeat.beat("monitor", now)


@shared_task(name=outbox_messages.DELIVER_EVENTS)
def deliver_events() -> None:
    """Post the events that are due; a no-op when none is."""
    deliver_due()
