"""Cancelling: the jobs of a batch that was taken back."""

from datetime import datetime

from llmprovider.jobs import messages
from llmprovider.jobs.claims import release
from llmprovider.models import BatchJob, Bundle
from llmprovider.queueing.expiries import time_to_live


def cancel_jobs(batch_key: str, now: datetime) -> None:
    """End the batch's jobs that were not sent yet, and ask for the end of the others.

    Runs in the caller's transaction, before it locks the batch's items. A job that holds other
    batches' comparisons goes on.
    """
    jobs = BatchJob.objects.select_for_update(no_key=True).filter(
        pk__in=Bundle.objects.filter(batch_key=batch_key, job__isnull=False).values("job"),
        status__in=BatchJob.OPEN,
    )
    for job in jobs.order_by("pk"):
        if Bundle.objects.filter(job=job).exclude(batch_key=batch_key).exists():
            continue
        if job.status in BatchJob.UNSENT:
            job.step_to(
                BatchJob.Status.CANCELLED, cancel_requested_at=now, ended_at=now, collected_at=now
            )
            release(job, now, "withdrawn by the caller", now + time_to_live(Bundle.Route.JOB))
            continue
        if job.cancel_requested_at is None:
            BatchJob.objects.filter(pk=job.pk).update(cancel_requested_at=now)
        if job.status == BatchJob.Status.SUBMITTED:
            BatchJob.objects.filter(pk=job.pk).update(next_check_at=now)
            messages.look_after(job)
