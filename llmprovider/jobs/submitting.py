"""Submitting: a job is written down, prepared, sent once, and its name at the provider stored.

The provider is asked only by whoever moves the row to SUBMITTING, and that happens once per row. So
whatever dies on the way, there is never a second job for the same comparisons: see `finding`.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from llmprovider import gates
from llmprovider.calls.retries import wait_before_retry
from llmprovider.conf import get_settings
from llmprovider.contracts import ErrorType
from llmprovider.contracts.log_events import tell
from llmprovider.jobs import messages
from llmprovider.jobs.claims import claim
from llmprovider.jobs.files import Written, written
from llmprovider.jobs.intervals import until_next_check
from llmprovider.jobs.replacing import replace
from llmprovider.jobs.requests import vendor_of
from llmprovider.models import BatchJob
from llmprovider.providers.base import ProviderError
from llmprovider.providers.batches.base import BatchProvider, JobFile, JobState, VendorJob

log = logging.getLogger(__name__)

# Answers that leave no doubt that there is no job. After any other there may be one.
REFUSALS: Final = frozenset(
    {ErrorType.RATE_LIMIT, ErrorType.AUTHENTICATION, ErrorType.INVALID_REQUEST}
)

# Nobody looks for a job before whoever sends it has had the time to.
_SLACK: Final = timedelta(seconds=60)


def prepare(job: BatchJob, now: datetime) -> bool:
    """Take the job's comparisons; False where there is nothing to send."""
    if job.status == BatchJob.Status.PLANNED:
        if not job.step_to(BatchJob.Status.PREPARING, preparing_at=now):
            return False
    if not claim(job, now):
        messages.deliver(job)
        return False
    return True


def submit(job: BatchJob) -> bool:
    """Send a job that is PREPARING. True where something can be done about it at once."""
    vendor = vendor_of(job)
    with written(job, vendor) as file:
        if file.size > vendor.limits.input_bytes and file.requests > 1:
            return replace(
                job, timezone.now(), "its file is larger than the provider takes", into=2
            )
        return _send(job, vendor, file)


def _send(job: BatchJob, vendor: BatchProvider, file: Written) -> bool:
    asked = JobFile(file.path, file.requests, job.model, str(job.pk), job.input_file_id)
    try:
        if not job.input_file_id and (file_id := vendor.upload(asked)):
            BatchJob.objects.filter(pk=job.pk).update(input_file_id=file_id)
            job.input_file_id = file_id
            asked = JobFile(file.path, file.requests, job.model, str(job.pk), file_id)
    except ProviderError as error:
        return _not_sent(job, error)
    now = timezone.now()
    if not job.step_to(
        BatchJob.Status.SUBMITTING,
        submitting_at=now,
        requests=file.requests,
        input_bytes=file.size,
        input_sha256=file.sha256,
        looking_since=None,
        next_check_at=now + timedelta(seconds=get_settings().PROVIDER_TIMEOUT_SECONDS) + _SLACK,
    ):
        return False  # taken back, or sent by somebody else
    try:
        made = vendor.create(asked)
    except ProviderError as error:
        if error.unsent or error.error_type in REFUSALS:
            return _not_sent(job, error)
        tell(log, logging.WARNING, "job_maybe_lost", job=job.pk, error=error.error_type)
        return True  # to be looked for
    if not stored(job, made, proven=True):
        _one_too_many(job, vendor, made)
        return False
    return made.state is not JobState.RUNNING


def stored(job: BatchJob, made: VendorJob, *, proven: bool) -> bool:
    """Store the job's name at the provider; False where the row has gone on without it."""
    now = timezone.now()
    try:
        with transaction.atomic():
            kept = job.step_to(
                BatchJob.Status.SUBMITTED,
                vendor_id=made.vendor_id,
                vendor_status=made.vendor_status,
                vendor_counts=dict(made.counts),
                unproven=not proven,
                submitted_at=now,
                looking_since=None,
                checks=0,
                check_failures=0,
                error_type="",
                error_message="",
                next_check_at=now + until_next_check(0),
            )
    except IntegrityError:
        return False  # another row has it
    if kept:
        tell(
            log,
            logging.INFO,
            "job_submitted",
            job=job.pk,
            provider=job.provider,
            model=job.model,
            requests=job.requests,
            vendor_id=made.vendor_id,
        )
    return kept


def _one_too_many(job: BatchJob, vendor: BatchProvider, made: VendorJob) -> None:
    """It was given up meanwhile, and another took its comparisons: nobody is to pay for it."""
    if BatchJob.objects.filter(provider=job.provider, vendor_id=made.vendor_id).exists():
        return  # it is looked after
    tell(
        log,
        logging.ERROR,
        "job_one_too_many",
        "cancelling a job created after it was given up:",
        job=job.pk,
        vendor_id=made.vendor_id,
    )
    try:
        vendor.cancel(made.vendor_id)
    except ProviderError as error:
        tell(log, logging.ERROR, "job_not_cancelled", job=job.pk, error=error.error_type)


def _not_sent(job: BatchJob, error: ProviderError) -> bool:
    """The provider has no such job: try again later, or fail its comparisons."""
    now = timezone.now()
    if error.outage:
        gates.settle(job.provider, job.model, None, now, error=error)
    if error.outage or error.error_type is ErrorType.INVALID_REQUEST:
        return job.step_to(
            BatchJob.Status.COLLECTING,
            error_type=error.error_type,
            error_message=error.message[:500],
            outage=error.outage,
            refused=True,
            ended_at=now,
        )
    failures = job.check_failures + 1
    wait = wait_before_retry(min(failures, 20), error.retry_after or 0.0)
    changes = {
        "check_failures": failures,
        "next_check_at": now + max(wait, timedelta(seconds=1)),
        "error_type": error.error_type,
        "error_message": error.message[:500],
    }
    if job.status == BatchJob.Status.SUBMITTING:
        job.step_to(BatchJob.Status.PREPARING, **changes)
    else:
        BatchJob.objects.filter(pk=job.pk, status=job.status).update(**changes)
    tell(log, logging.WARNING, "job_not_taken", job=job.pk, error=error.error_type)
    return False
