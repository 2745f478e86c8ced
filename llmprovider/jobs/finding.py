"""Finding: a job whose creation was not answered may be at the provider all the same.

It is never created again before that is settled. A provider that keeps our name for a job tells at
once. Where none is kept, jobs of as many requests made since then are looked at: the only one is
taken for ours until its results show whose they are; of several, those that have ended are opened.
"""

import logging
from datetime import datetime, timedelta
from pathlib import Path

from llmprovider.conf import get_settings
from llmprovider.contracts import ErrorType
from llmprovider.contracts.log_events import tell
from llmprovider.jobs.checking import give_up, is_given_up
from llmprovider.jobs.intervals import until_next_check
from llmprovider.jobs.replacing import replace
from llmprovider.jobs.requests import vendor_of
from llmprovider.jobs.submitting import stored
from llmprovider.models import BatchJob, ProviderCall
from llmprovider.providers.base import ProviderError
from llmprovider.providers.batches.base import BatchProvider, JobFile, JobState, VendorJob

log = logging.getLogger(__name__)

# Looks in which nothing was found before a job can count as lost.
LOOKS = 3


def find(job: BatchJob, now: datetime) -> bool:
    """Look for a job that is SUBMITTING: it is found, declared lost, or looked for again later.

    True where something can be done about it at once.
    """
    if job.looking_since is None:
        BatchJob.objects.filter(pk=job.pk).update(looking_since=now, checks=0)
        job.looking_since, job.checks = now, 0
    if is_given_up(job, now):
        return give_up(job, now)
    vendor = vendor_of(job)
    try:
        candidates = _candidates(job, vendor)
    except ProviderError as error:
        _again(job, now, failures=job.check_failures + 1)
        tell(log, logging.WARNING, "job_not_looked_for", job=job.pk, error=error.error_type)
        return False
    ours = [one for one in candidates if one.marker == str(job.pk)]
    if ours:
        return _found(job, ours[0], proven=True)
    if not candidates:
        return _nothing(job, now)
    if len(candidates) == 1 and not _rivals(job):
        return _found(job, candidates[0], proven=False)
    for one in candidates:
        if one.state is JobState.RUNNING:
            continue
        if _is_ours(job, vendor, one):
            return _found(job, one, proven=True)
        _rule_out(job, one.vendor_id)
    _again(job, now)
    return False


def _candidates(job: BatchJob, vendor: BatchProvider) -> list[VendorJob]:
    asked = JobFile(Path(), job.requests, job.model, str(job.pk), job.input_file_id)
    since = job.submitting_at or job.planned_at
    found = vendor.find(asked, since, _taken(job))
    # What was stored while the list was read counts as well.
    taken = _taken(job)
    return [one for one in found if one.vendor_id not in taken]


def _taken(job: BatchJob) -> set[str]:
    others = BatchJob.objects.filter(provider=job.provider).exclude(vendor_id="")
    return {*others.values_list("vendor_id", flat=True), *job.foreign_ids}


def _rivals(job: BatchJob) -> bool:
    """Whether another job of the same size is looked for: then a likeness proves nothing."""
    same = BatchJob.objects.filter(
        provider=job.provider, status=BatchJob.Status.SUBMITTING, requests=job.requests
    )
    return same.exclude(pk=job.pk).exists()


def _found(job: BatchJob, made: VendorJob, *, proven: bool) -> bool:
    tell(log, logging.WARNING, "job_found", job=job.pk, vendor_id=made.vendor_id)
    if not stored(job, made, proven=proven):
        return False
    return made.state is not JobState.RUNNING


def _nothing(job: BatchJob, now: datetime) -> bool:
    settle = timedelta(seconds=get_settings().SUBMIT_SETTLE_SECONDS)
    looks = job.checks + 1
    if looks < LOOKS or job.looking_since is None or now - job.looking_since < settle:
        _again(job, now, checks=looks)
        return False
    why = "it never arrived at the provider"
    if job.attempt >= get_settings().QUEUE_MAX_ATTEMPTS:
        return job.step_to(
            BatchJob.Status.COLLECTING,
            error_type=ErrorType.CONNECTION,
            error_message=why,
            refused=True,
            ended_at=now,
        )
    replace(job, now, why, error_type=ErrorType.CONNECTION)
    return False


def _again(job: BatchJob, now: datetime, **changes: int) -> None:
    failures = changes.pop("failures", 0)
    pause = timedelta(seconds=get_settings().SUBMIT_SETTLE_SECONDS / LOOKS)
    wait = min(pause, until_next_check(0)) if not failures else until_next_check(failures)
    BatchJob.objects.filter(pk=job.pk, status=job.status).update(
        next_check_at=now + wait, last_check_at=now, check_failures=failures, **changes
    )


def _is_ours(job: BatchJob, vendor: BatchProvider, made: VendorJob) -> bool:
    """By the first of its results; a job without any is nobody's."""
    try:
        first = next(iter(vendor.collect(made)), None)
    except ProviderError:
        return False
    return first is not None and is_of(job, [first.custom_id])


def is_of(job: BatchJob, custom_ids: list[str]) -> bool:
    """Whether any of these is the name of a request of this job."""
    return ProviderCall.objects.filter(job=job, custom_id__in=custom_ids).exists()


def _rule_out(job: BatchJob, vendor_id: str) -> None:
    job.foreign_ids = [*job.foreign_ids, vendor_id]
    BatchJob.objects.filter(pk=job.pk).update(foreign_ids=job.foreign_ids)


def disown(job: BatchJob, now: datetime) -> bool:
    """The job at the provider turned out not to be this one: look on."""
    foreign = [*job.foreign_ids, job.vendor_id]
    tell(log, logging.WARNING, "job_disowned", job=job.pk, vendor_id=job.vendor_id)
    return job.step_to(
        BatchJob.Status.SUBMITTING,
        vendor_id="",
        vendor_status="",
        vendor_counts={},
        unproven=False,
        foreign_ids=foreign,
        submitted_at=None,
        ended_at=None,
        looking_since=None,
        next_check_at=now,
    )
