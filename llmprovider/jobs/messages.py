"""Messages about jobs. Losing one loses nothing: the sweep sends what the rows ask for."""

from functools import partial
from typing import Final

from celery import Signature, current_app
from django.db import transaction

from llmprovider.models import BatchJob
from llmprovider.queueing.messages import deliver as deliver_parcel
from llmprovider.queueing.messages import send
from llmprovider.queueing.parcels import parcel_of_job

SUBMIT: Final = "llmprovider.submit_job"
CHECK: Final = "llmprovider.check_job"


def submission(job: BatchJob) -> Signature:
    """The task that sends the job; it ends as soon as that is done, and never raises."""
    return current_app.signature(SUBMIT, args=[str(job.pk)])


def look_after(job: BatchJob) -> None:
    """Have somebody do what the job needs next, once the caller's transaction is committed."""
    task = partial(current_app.send_task, CHECK, args=[str(job.pk)], ignore_result=True)
    transaction.on_commit(partial(send, task))


def deliver(job: BatchJob) -> None:
    """Have what is finished of the job taken home, once the caller's transaction is committed."""
    transaction.on_commit(partial(deliver_parcel, parcel_of_job(job.pk), job.on_results))
