"""Messages of the assessment: telling a worker where to look. Losing one loses nothing."""

import logging
from collections.abc import Callable, Sequence

from celery import chain, chord, current_app
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

START_BATCH = "assessment.start_batch"
RECORD_RESULTS = "assessment.record_results"
FINISH_WAVE = "assessment.finish_wave"
FINALISE_BATCH = "assessment.finalise_batch"


def start_batch(batch_id: int) -> None:
    """Have the first wave launched."""
    _send(lambda: current_app.send_task(START_BATCH, args=[batch_id]))


def finish_wave(batch_id: int, number: int, round_: int) -> None:
    """Have a round of a wave weighed."""
    _send(lambda: current_app.send_task(FINISH_WAVE, args=[batch_id, number, round_]))


def finalise_batch(batch_id: int) -> None:
    """Have scores and grades written."""
    _send(lambda: current_app.send_task(FINALISE_BATCH, args=[batch_id]))


def judge_wave(bundles: Sequence[chain], batch_id: int, number: int, round_: int) -> None:
    """One chain per bundle, and the round is weighed when all have ended."""
    finish = current_app.signature(FINISH_WAVE, args=[batch_id, number, round_], immutable=True)
    _send(lambda: chord(bundles, finish).apply_async())


def _send(publish: Callable[[], object]) -> None:
    """A broker that is away must not fail what the database has already agreed to."""
    try:
        publish()
    except OperationalError:
        log.warning("the broker cannot be reached; the sweep will send this again from the rows")
