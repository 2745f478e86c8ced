"""Repairs of the queue, by the code that does the same while the system runs. All may run twice."""

from datetime import datetime

from celery import current_app
from django.db import transaction

from llmprovider.checks.patience import settled
from llmprovider.contracts.findings import Visit
from llmprovider.jobs import sweeping
from llmprovider.jobs.claims import release
from llmprovider.jobs.replacing import free_bundles, send_live
from llmprovider.models import BatchJob, Bundle, QueueItem
from llmprovider.queueing import clean_up
from llmprovider.queueing.expiries import time_to_live
from llmprovider.queueing.parcels import parcel_of_job


def clean_up_queue(visit: Visit) -> None:
    """What beat does every few seconds. Leases that have not run out are left alone, unless no
    process is there that could hold one."""
    clean_up.clean_up(visit.now, lone_process=visit.alone)


def see_to_jobs(visit: Visit) -> None:
    """What beat does every few seconds for jobs: nothing is sent to a provider from here."""
    sweeping.sweep(visit.now, lone_process=visit.alone)


def take_results_home(visit: Visit) -> None:
    """Run the tasks that take results home, here: there may be no worker to do it."""
    current_app.loader.import_default_modules()
    for parcel, on_results in _parcels(visit.now):
        current_app.tasks[on_results](parcel)


def _parcels(now: datetime) -> set[tuple[str, str]]:
    items = QueueItem.objects.filter(finished_at__lt=settled(now), delivered_at__isnull=True)
    rows = items.order_by().values_list("bundle_id", "bundle__job", "bundle__on_results").distinct()
    return {
        (parcel_of_job(job) if job else str(bundle), on_results) for bundle, job, on_results in rows
    }


def free_from_ended_jobs(visit: Visit) -> None:
    """Comparisons left in a job that has ended wait for the live queue instead."""
    left = QueueItem.objects.filter(
        status=QueueItem.Status.SUBMITTED, bundle__job__isnull=False
    ).exclude(bundle__job__status__in=BatchJob.OPEN)
    for job_id in set(left.values_list("bundle__job", flat=True)):
        with transaction.atomic():
            job = BatchJob.objects.select_for_update(no_key=True).get(pk=job_id)
            until = visit.now + time_to_live(Bundle.Route.LIVE)
            release(job, visit.now, "left behind in a job that has ended", until)
            send_live(free_bundles(job), visit.now)
