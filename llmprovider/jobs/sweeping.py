"""The sweep over jobs: what is due, what waits for a job, and results that nobody fetched."""

import logging
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from llmprovider.conf import BatchApiMode, get_settings
from llmprovider.contracts.log_events import tell
from llmprovider.jobs import messages
from llmprovider.jobs.files import remove_left_over
from llmprovider.jobs.planning import plan_jobs
from llmprovider.jobs.replacing import send_live
from llmprovider.log_names import job_context
from llmprovider.models import BatchAccount, BatchJob, Bundle, ProviderCall, QueueItem
from llmprovider.queueing.turnstiles import one_at_a_time

log = logging.getLogger(__name__)

# A message sent so long ago, about a job that is still due, is taken for lost.
LOST = timedelta(seconds=60)
# Jobs handled per sweep.
CHUNK = 200


def sweep(now: datetime, *, lone_process: bool = False) -> None:
    """Each due job gets a message of its own, so that no job waits for another.

    `lone_process`: no other process works on this database, so nobody holds any job.
    """
    if lone_process:
        BatchJob.objects.filter(status__in=BatchJob.OPEN).update(
            next_check_at=now, announced_at=now - 2 * LOST
        )
        remove_left_over(timedelta(0))
    plan_waiting(now)
    send_due(now)
    deliver_lost(now, timedelta(0) if lone_process else LOST)


def send_due(now: datetime) -> None:
    """A message for each job that somebody must look after."""
    unannounced = Q(announced_at__lt=F("next_check_at")) | Q(announced_at__lte=now - LOST)
    due = BatchJob.objects.filter(unannounced, status__in=BatchJob.OPEN, next_check_at__lte=now)
    for job in due.order_by("next_check_at")[:CHUNK]:
        with transaction.atomic():
            if _claim_announcement(job, now):
                messages.look_after(job)


def deliver_lost(now: datetime, patience: timedelta) -> None:
    """Take home results of jobs that nobody has fetched."""
    # From the results, which are few, to their jobs, which may have many that were fetched.
    stranded = QueueItem.objects.filter(
        delivered_at__isnull=True,
        finished_at__lte=now - patience,
        bundle__job__announced_at__lte=now - patience,
    )
    job_ids = list(stranded.order_by().values_list("bundle__job", flat=True).distinct()[:CHUNK])
    for job in BatchJob.objects.filter(pk__in=job_ids).order_by("planned_at"):
        with transaction.atomic():
            if _claim_announcement(job, now):
                messages.deliver(job)


def _claim_announcement(job: BatchJob, now: datetime) -> bool:
    """Two sweeps at once: one of them sends."""
    mine = BatchJob.objects.filter(pk=job.pk, announced_at=job.announced_at)
    return bool(mine.update(announced_at=now))


def plan_waiting(now: datetime) -> None:
    """Plan jobs for bundles that wait for one: once a night, or as soon as nothing hinders.

    Those that a money cap kept out of their batch's job wait until its calls are billed.
    """
    mode = get_settings().BATCH_API_MODE
    queued = QueueItem.objects.filter(bundle=OuterRef("pk"), status=QueueItem.Status.QUEUED)
    waiting = Bundle.objects.filter(Exists(queued), route=Bundle.Route.JOB, job__isnull=True)
    # All of a wave goes together, in as few jobs as it takes.
    incomplete = BatchAccount.objects.filter(expected__gt=0).values("batch_key")
    waiting = waiting.exclude(batch_key__in=incomplete)
    if not waiting.exists():
        return
    with transaction.atomic():
        one_at_a_time()
        if mode is BatchApiMode.NIGHTLY:
            night = last_submission(now)
            # A wave that was still coming in at that hour goes as a whole with the next night's.
            late = waiting.filter(created_at__gt=night).order_by().values("batch_key")
            waiting = waiting.filter(created_at__lte=night).exclude(batch_key__in=late)
        under_way = ProviderCall.objects.filter(finished_at__isnull=True, error_type="")
        spending = list(under_way.order_by().values_list("batch_key", flat=True).distinct())
        ready = waiting.exclude(batch_key__in=spending).order_by("created_at", "pk")
        members: list[UUID] = list(ready.values_list("pk", flat=True))
        if mode is BatchApiMode.DISABLED:
            send_live(members, now)
            return
        for job in plan_jobs(members, now):
            with job_context(job):
                tell(log, logging.INFO, "job_planned", job=job.pk, requests=job.requests)
            messages.look_after(job)


def last_submission(now: datetime) -> datetime:
    """The latest moment, by now, at which the jobs of a night are planned."""
    today = now.astimezone(UTC).replace(
        hour=get_settings().BATCH_SUBMISSION_HOUR, minute=0, second=0, microsecond=0
    )
    return today if today <= now else today - timedelta(days=1)
