"""Tasks of the assessment: thin, and safe to run twice."""

import logging

from celery import Task, shared_task
from django.utils import timezone

from assessment.lifecycle import finalising, finishing, messages, monitoring, recording, starting
from llmprovider.contracts.faults import fault_of

log = logging.getLogger(__name__)

# Seconds; what comes later than the chord finds the round closed, and costs one query.
CHORD_COMES_FIRST = 1.0


@shared_task(name=messages.START_BATCH)
def start_batch(batch_id: int) -> None:
    """Launch the first wave of a batch that has none."""
    starting.start(batch_id)


@shared_task(name=messages.RECORD_RESULTS, bind=True, ignore_result=False)
def record_results(self: Task, parcel: str) -> int:
    """Take a parcel's results home; returns 0, as the rows hold what matters.

    The last result has the wave weighed. Inside a chord that is left to the chord's body first; but
    a chord may wait for a ticket that works for other batches by now, so it is asked for anyway.
    """
    try:
        complete = recording.record_parcel(parcel)
    except Exception as error:  # not acknowledged, so the queue's clean-up delivers it again
        log.error("results of parcel %s were not recorded: %s", parcel, fault_of(error))
        return 0
    wait = CHORD_COMES_FIRST if self.request.chord else None
    for wave in complete:
        messages.finish_wave(wave.batch_id, wave.number, wave.round, wait=wait)
    return 0


@shared_task(name=messages.FINISH_WAVE)
def finish_wave(batch_id: int, wave_number: int, wave_round: int) -> None:
    """Weigh a round of a wave and go on; a no-op when it was weighed or is not complete."""
    finishing.finish_wave(batch_id, wave_number, wave_round)


@shared_task(name=messages.FINALISE_BATCH)
def finalise_batch(batch_id: int) -> None:
    """Write the scores and grades of a batch that has stopped comparing."""
    finalising.finalise(batch_id)


@shared_task(name="assessment.monitor_batches")
def monitor_batches() -> None:
    """Wake whatever a lost message left behind."""
    monitoring.monitor(timezone.now())
