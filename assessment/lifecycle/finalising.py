"""Ending a batch: scores, grades, result and status in one transaction, once."""

import logging
from collections.abc import Sequence

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from assessment.conf import get_settings
from assessment.lifecycle.cancelling import withdraw_pending
from assessment.lifecycle.scores.diagnostics import diagnosis_of
from assessment.lifecycle.scores.findings import warnings_of, warnings_of_judges
from assessment.lifecycle.scores.measuring import measure
from assessment.lifecycle.scores.scoring import measurement_document, project, projection_rows
from assessment.log_names import fields_of
from assessment.measurement.scales import Scale
from assessment.metrics import BATCH_COMPLETION_SECONDS, FAILED_BATCHES, STUCK_BATCHES
from assessment.models import Batch, GradeProjection
from llmprovider.contracts.counting import count, observe
from llmprovider.contracts.faults import fault_of
from llmprovider.contracts.log_events import tell

log = logging.getLogger(__name__)

FAILURES = {
    Batch.StopReason.LOW_SUCCESS_RATE,
    Batch.StopReason.PROVIDER_OUTAGE,
    Batch.StopReason.STUCK_TIMEOUT,
    Batch.StopReason.INTERNAL_ERROR,
}
# Why the monitor hands a batch over that shows no activity.
STUCK = {Batch.StopReason.FORCED_RECOVERY, Batch.StopReason.STUCK_TIMEOUT}


def finalise(batch_id: int) -> None:
    """SCORING to COMPLETED or FAILED, by the batch's stop reason; a no-op in any other state.

    May run twice: the compare-and-set on the status lets one caller write. An error while scoring
    ends the batch as FAILED, with its name, instead of leaving it half done.
    """
    batch = Batch.objects.get(pk=batch_id)
    if batch.status != Batch.Status.SCORING:
        return
    # A money cap ends a batch well, unless nothing was judged under it.
    if batch.stop_reason in FAILURES or batch.failure:
        _fail(batch, batch.stop_reason, batch.failure)
        return
    try:
        _complete(batch)
    except (OperationalError, InterfaceError):
        raise  # the database is busy or away: the monitor calls again
    except Exception as error:
        tell(log, logging.ERROR, "batch_not_scored", **fields_of(batch), fault=fault_of(error))
        _fail(batch, Batch.StopReason.INTERNAL_ERROR, f"scoring failed: {type(error).__name__}")


def _complete(batch: Batch) -> None:
    if batch.stop_reason == Batch.StopReason.FORCED_RECOVERY and not _enough_succeeded(batch):
        _fail(batch, Batch.StopReason.LOW_SUCCESS_RATE, "too few comparisons have a winner")
        return
    essays = list(batch.essays.defer("text").order_by("position"))
    measurement = measure(batch)
    scale = Scale("batch", tuple(batch.grade_scale)) if len(batch.grade_scale) > 1 else None
    projection = project(measurement, essays, scale)
    diagnosis = diagnosis_of(batch, measurement, projection, essays)
    with transaction.atomic():
        locked = Batch.objects.select_for_update().get(pk=batch.pk)
        if locked.status != Batch.Status.SCORING:
            return
        withdraw_pending(locked)
        GradeProjection.objects.filter(essay__batch=locked).delete()
        GradeProjection.objects.bulk_create(projection_rows(essays, measurement, projection, scale))
        locked.step_to(
            Batch.Status.COMPLETED,
            submitted=locked.submitted,
            failed=locked.failed,
            result={
                "measurement": {
                    **measurement_document(measurement, projection, essays, scale),
                    **diagnosis.measurement,
                },
                "essays": diagnosis.essays,
            },
            warnings=_all_told(
                locked.warnings,
                [
                    *warnings_of(locked, measurement, projection, essays),
                    *warnings_of_judges(diagnosis.measurement["judges"]),
                ],
            ),
            completed_at=(now := timezone.now()),
        )
        observe(BATCH_COMPLETION_SECONDS, [max(0.0, (now - locked.created_at).total_seconds())])
        if locked.stop_reason == Batch.StopReason.FORCED_RECOVERY:
            count(STUCK_BATCHES, outcome="recovered")
    _log_end(locked)


def _all_told(
    before: Sequence[dict[str, str]], after: Sequence[dict[str, str]]
) -> list[dict[str, str]]:
    """Warnings from the start and of the end; what came true is told once, as it came."""
    came = {warning["code"] for warning in after}
    return [*(warning for warning in before if warning["code"] not in came), *after]


def _enough_succeeded(batch: Batch) -> bool:
    """The rule that a normal end has already been held to."""
    return batch.completed >= get_settings().MIN_SUCCESS_RATE_THRESHOLD * max(1, batch.callbacks)


def _fail(batch: Batch, reason: str, why: str) -> None:
    with transaction.atomic():
        locked = Batch.objects.select_for_update().get(pk=batch.pk)
        if locked.status != Batch.Status.SCORING:
            return
        withdraw_pending(locked)
        if locked.stop_reason in STUCK:
            count(STUCK_BATCHES, outcome="failed")
        count(FAILED_BATCHES, reason=str(reason))
        locked.step_to(
            Batch.Status.FAILED,
            submitted=locked.submitted,
            failed=locked.failed,
            stop_reason=reason,
            failure=why[:500],
            completed_at=timezone.now(),
        )
    _log_end(locked)


def _log_end(batch: Batch) -> None:
    tell(
        log,
        logging.INFO,
        "batch_ended",
        **fields_of(batch),
        status=batch.status,
        reason=batch.stop_reason,
        completed=batch.completed,
        failed=batch.failed,
        submitted=batch.submitted,
    )
