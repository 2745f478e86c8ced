"""Messages of the assessment: telling a worker where to look. Losing one loses nothing."""

import logging
from collections.abc import Callable, Sequence

from celery import Signature, chord, current_app
from kombu.exceptions import OperationalError

from llmprovider.contracts.log_events import tell

log = logging.getLogger(__name__)

START_BATCH = "assessment.start_batch"
LAUNCH_WAVE = "assessment.launch_wave"
RECORD_RESULTS = "assessment.record_results"
FINISH_WAVE = "assessment.finish_wave"
FINALISE_BATCH = "assessment.finalise_batch"


def start_batch(batch_id: int) -> None:
    """Have the first wave launched."""
    _send_task(START_BATCH, batch_id)


def launch_wave(batch_id: int, number: int, round_: int) -> None:
    """Have the rest of a large round put into the queue."""
    _send_task(LAUNCH_WAVE, batch_id, number, round_)


def finish_wave(batch_id: int, number: int, round_: int, *, wait: float | None = None) -> None:
    """Have a round of a wave weighed, after `wait` seconds."""
    _send_task(FINISH_WAVE, batch_id, number, round_, wait=wait)


def finalise_batch(batch_id: int) -> None:
    """Have scores and grades written."""
    _send_task(FINALISE_BATCH, batch_id)


def judge_wave(steps: Sequence[Signature], batch_id: int, number: int, round_: int) -> None:
    """One chain per bundle and one task per batch job; the round is weighed when all have ended.

    A job's results come later, and what waits for the night is no step at all: then the last
    result has the round weighed.
    """
    if not steps:
        return
    finish = current_app.signature(FINISH_WAVE, args=[batch_id, number, round_], immutable=True)
    _send(lambda: chord(steps, finish).apply_async())


def _send_task(name: str, *args: int, wait: float | None = None) -> None:
    # Nobody waits for the result. Celery would listen for it, and fail where Redis is away.
    _send(lambda: current_app.send_task(name, args=list(args), countdown=wait, ignore_result=True))


def _send(publish: Callable[[], object]) -> None:
    """A broker that is away must not fail what the database has already agreed to."""
    try:
        publish()
    except OperationalError:
        tell(
            log,
            logging.WARNING,
            "broker_unreachable",
            "the broker cannot be reached; the sweep will send this again from the rows",
        )
