"""Checking: where a job stands at the provider, cancelling it, and giving it up."""

import logging
from datetime import datetime, timedelta
from typing import Final

from llmprovider.conf import get_settings
from llmprovider.contracts import RETRYABLE, ErrorType
from llmprovider.contracts.log_events import tell
from llmprovider.jobs.intervals import until_next_check
from llmprovider.jobs.replacing import replace
from llmprovider.jobs.requests import vendor_of
from llmprovider.models import BatchJob
from llmprovider.providers.base import ProviderError
from llmprovider.providers.batches.base import BatchProvider, JobState, VendorJob

log = logging.getLogger(__name__)

# A job that cannot be cancelled or read so long after its deadline is given up. It may have been
# judged and billed, so its comparisons are not asked again.
GIVE_UP_AFTER: Final = timedelta(hours=24)


def check(job: BatchJob, now: datetime) -> bool:
    """Look at a SUBMITTED job once. True where something can be done about it at once."""
    if job.deadline_at <= now and job.cancel_requested_at is None:
        BatchJob.objects.filter(pk=job.pk).update(cancel_requested_at=now)
        job.cancel_requested_at = now
        tell(log, logging.WARNING, "job_overdue", "cancelling a job past its deadline:", job=job.pk)
    vendor = vendor_of(job)
    try:
        # One that is only taken for ours may be somebody else's: it is left to end by itself.
        if job.cancel_requested_at and job.cancel_sent_at is None and not job.unproven:
            _cancel(job, vendor, now)
        made = vendor.check(job.vendor_id)
    except ProviderError as error:
        return missed(job, error, now)
    if made.state is JobState.RUNNING:
        return _running(job, made, now)
    if made.state is JobState.FAILED:
        return _failed(job, made, now)
    return job.step_to(
        BatchJob.Status.COLLECTING,
        ended_at=now,
        error_type="",
        error_message="",
        check_failures=0,
        **_seen(job, made, now),
    )


def _cancel(job: BatchJob, vendor: BatchProvider, now: datetime) -> None:
    vendor.cancel(job.vendor_id)
    BatchJob.objects.filter(pk=job.pk).update(cancel_sent_at=now)
    job.cancel_sent_at = now
    tell(log, logging.INFO, "job_cancelled", job=job.pk, vendor_id=job.vendor_id)


def _seen(job: BatchJob, made: VendorJob, now: datetime) -> dict[str, object]:
    return {
        "vendor_status": made.vendor_status,
        "vendor_counts": dict(made.counts),
        "output_file_id": made.output_file_id,
        "error_file_id": made.error_file_id,
        "last_check_at": now,
        "checks": job.checks + 1,
    }


def _running(job: BatchJob, made: VendorJob, now: datetime) -> bool:
    if is_given_up(job, now):
        return give_up(job, now)
    due = now + until_next_check(job.checks + 1)
    if job.deadline_at > now:
        due = min(due, job.deadline_at)
    BatchJob.objects.filter(pk=job.pk, status=job.status).update(
        check_failures=0, next_check_at=due, **_seen(job, made, now)
    )
    return False


def _failed(job: BatchJob, made: VendorJob, now: datetime) -> bool:
    """The provider refused the job as a whole: nothing of it was judged."""
    kind = made.error_type or ErrorType.SERVER_ERROR
    tell(log, logging.WARNING, "job_refused", job=job.pk, error=kind)
    if kind in RETRYABLE and job.attempt < get_settings().QUEUE_MAX_ATTEMPTS:
        replace(
            job,
            now,
            made.error_message,
            status=BatchJob.Status.FAILED,
            error_type=kind,
            later=True,
        )
        return False
    return job.step_to(
        BatchJob.Status.COLLECTING,
        ended_at=now,
        error_type=kind,
        error_message=made.error_message[:500],
        outage=kind is ErrorType.AUTHENTICATION,
        refused=True,
        **_seen(job, made, now),
    )


def missed(job: BatchJob, error: ProviderError, now: datetime) -> bool:
    """The provider could not be asked, or its results not read to the end: again, later."""
    if is_given_up(job, now):
        return give_up(job, now)
    failures = job.check_failures + 1
    BatchJob.objects.filter(pk=job.pk, status=job.status).update(
        check_failures=failures,
        last_check_at=now,
        next_check_at=now + max(until_next_check(failures), _asked(error)),
        error_type=error.error_type,
        error_message=error.message[:500],
    )
    tell(log, logging.WARNING, "job_not_checked", job=job.pk, error=error.error_type)
    return False


def _asked(error: ProviderError) -> timedelta:
    longest = get_settings().RETRY_AFTER_MAX_SECONDS
    return timedelta(seconds=min(error.retry_after or 0.0, longest))


def is_given_up(job: BatchJob, now: datetime) -> bool:
    """Whether it is too late to wait for word of the job."""
    return now >= job.deadline_at + GIVE_UP_AFTER


def give_up(job: BatchJob, now: datetime) -> bool:
    """End a job that nobody can read. What it may have cost stays reserved."""
    changes = {
        "given_up": True,
        "ended_at": now,
        "error_type": ErrorType.EXPIRED,
        "error_message": "the provider did not say in time what became of this job",
    }
    tell(log, logging.ERROR, "job_given_up", job=job.pk, vendor_id=job.vendor_id)
    if job.status == BatchJob.Status.COLLECTING:
        BatchJob.objects.filter(pk=job.pk, status=job.status).update(**changes)
        for name, value in changes.items():
            setattr(job, name, value)
        return True
    return job.step_to(BatchJob.Status.COLLECTING, **changes)
