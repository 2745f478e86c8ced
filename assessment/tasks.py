"""Tasks of the assessment: thin, and safe to run twice."""

import logging

from celery import Task, shared_task
from django.utils import timezone

from assessment.lifecycle import finalising, finishing, messages, monitoring, recording, starting

log = logging.getLogger(__name__)


@shared_task(name=messages.START_BATCH)
def start_batch(batch_id: int) -> None:
    """Launch the first wave of a batch that has none."""
    starting.start(batch_id)


@shared_task(name=messages.RECORD_RESULTS, bind=True, ignore_result=False)
def record_results(self: Task, bundle_id: str) -> int:
    """Take a bundle's results home; returns 0, as the rows hold what matters.

    In a chord the wave is weighed by the chord's body. Whatever arrives outside of one (a retry,
    an expired item, a message sent again) weighs the wave itself once nothing is pending.
    """
    try:
        complete = recording.record_bundle(bundle_id)
    except Exception:  # delivered again by the queue's clean-up, as nothing was acknowledged
        log.exception("results of bundle %s were not recorded", bundle_id)
        return 0
    if not self.request.chord:
        for wave in complete:
            messages.finish_wave(wave.batch_id, wave.number, wave.round)
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
