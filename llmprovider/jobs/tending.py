"""Tending: whatever a job needs next, done by one worker at a time, as far as it goes now."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.utils import timezone

from llmprovider.jobs.checking import check
from llmprovider.jobs.collecting import collect
from llmprovider.jobs.finding import find
from llmprovider.jobs.intervals import HOLD, until_next_check
from llmprovider.jobs.replacing import give_back
from llmprovider.jobs.submitting import prepare, submit
from llmprovider.log_names import job_context
from llmprovider.models import BatchJob

log = logging.getLogger(__name__)

# Steps that one visit takes at most: prepare, submit, look, collect, and a few to spare.
STEPS: Final = 8


def tend(job_id: str) -> None:
    """Take a job that is due as far as it goes now.

    May run twice, or twice at once: one of them holds the job. Never raises for what a provider
    does; an error of this service leaves the job to be tried again later.
    """
    job = BatchJob.objects.get(pk=job_id)
    now = timezone.now()
    if job.ended or job.next_check_at > now or not job.hold(now + HOLD):
        return
    try:
        with job_context(job):
            for _ in range(STEPS):
                if not _step(job, timezone.now()):
                    return
                job.refresh_from_db()
    except Exception:
        _after_our_error(job)
        raise


def _step(job: BatchJob, now: datetime) -> bool:
    """One step; True where the next can be taken at once."""
    if job.status in BatchJob.UNSENT and job.deadline_at <= now:
        give_back(job, now, "the job could not be sent before its deadline")
        return False
    if job.status in BatchJob.UNSENT and not prepare(job, now):
        return False
    steps: dict[str, Callable[[], bool]] = {
        BatchJob.Status.PREPARING: lambda: submit(job),
        BatchJob.Status.SUBMITTING: lambda: find(job, now),
        BatchJob.Status.SUBMITTED: lambda: check(job, now),
        BatchJob.Status.COLLECTING: lambda: collect(job, now),
    }
    step = steps.get(job.status)
    return step() if step else False


def _after_our_error(job: BatchJob) -> None:
    job.refresh_from_db()
    failures = job.check_failures + 1
    BatchJob.objects.filter(pk=job.pk, status=job.status).update(
        check_failures=failures, next_check_at=timezone.now() + until_next_check(failures)
    )
