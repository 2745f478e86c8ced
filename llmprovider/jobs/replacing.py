"""A job with nothing at the provider: other jobs, or the live queue, take its comparisons."""

import logging
from datetime import datetime

from django.db import transaction

from llmprovider.calls.outcomes import Failure
from llmprovider.conf import get_settings
from llmprovider.contracts import ErrorType
from llmprovider.contracts.log_events import tell
from llmprovider.jobs import messages
from llmprovider.jobs.claims import end, release
from llmprovider.jobs.intervals import until_next_check
from llmprovider.jobs.planning import plan_jobs
from llmprovider.jobs.tickets import send_tickets
from llmprovider.models import BatchJob, Bundle, QueueItem
from llmprovider.queueing.expiries import time_to_live

log = logging.getLogger(__name__)

# Bundles changed at a time.
CHUNK = 500


def replace(
    job: BatchJob,
    now: datetime,
    why: str,
    *,
    status: str = BatchJob.Status.LOST,
    into: int = 1,
    error_type: str = "",
    later: bool = False,
) -> bool:
    """End the job and plan `into` new ones for its comparisons; False where somebody else acted.

    `later`: they are sent after a while, since the provider would refuse them now as well.
    """
    with transaction.atomic():
        if not job.step_to(
            status,
            ended_at=now,
            collected_at=now,
            error_type=error_type,
            error_message=why[:500],
            cost_usd=0,
        ):
            return False
        failed = error_type or ErrorType.CANCELLED
        release(job, now, why, now + time_to_live(Bundle.Route.JOB), failed)
        members = free_bundles(job)
        size = -(-len(members) // into)
        for start in range(0, len(members), max(1, size)):
            for new in plan_jobs(members[start : start + size], now, parent=job):
                if later:
                    new.hold(now + until_next_check(3 + job.attempt))
                else:
                    messages.look_after(new)
        messages.deliver(job)
    tell(log, logging.WARNING, "job_replaced", job=job.pk, status=status, error=error_type or None)
    return True


def free_bundles(job: BatchJob) -> list:
    """Take the bundles that wait again out of the job; returns their keys."""
    waiting = QueueItem.objects.filter(bundle__job=job, status=QueueItem.Status.QUEUED)
    members = sorted(set(waiting.values_list("bundle_id", flat=True)))
    for start in range(0, len(members), CHUNK):
        Bundle.objects.filter(pk__in=members[start : start + CHUNK]).update(job=None)
    return members


def give_back(job: BatchJob, now: datetime, why: str) -> bool:
    """End a job that was never sent, past its deadline: to the live queue, or with an error."""
    fallback = get_settings().BATCH_JOB_FALLBACK_TO_LIVE
    with transaction.atomic():
        if not job.step_to(
            BatchJob.Status.CANCELLED, ended_at=now, collected_at=now, error_message=why[:500]
        ):
            return False
        release(job, now, why, now + time_to_live(Bundle.Route.LIVE))
        if fallback:
            send_live(free_bundles(job), now)
        else:
            waiting = QueueItem.objects.filter(
                bundle__job=job, status=QueueItem.Status.QUEUED
            ).values_list("pk", flat=True)
            end(list(waiting), Failure(ErrorType.EXPIRED, why, final=True), now)
        messages.deliver(job)
    return True


def send_live(members: list, now: datetime) -> None:
    """Bundles that were to go by job wait for the workers from now on."""
    for start in range(0, len(members), CHUNK):
        chunk = members[start : start + CHUNK]
        Bundle.objects.filter(pk__in=chunk).update(
            route=Bundle.Route.LIVE, waiting=True, not_before=now, announced_at=now
        )
        QueueItem.objects.filter(bundle__in=chunk, status=QueueItem.Status.QUEUED).update(
            expires_at=now + time_to_live(Bundle.Route.LIVE)
        )
    send_tickets(members)
