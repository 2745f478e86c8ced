"""Tasks of the judge service: thin, and safe to run twice."""

import logging

from celery import Task, shared_task
from django.utils import timezone

from llmprovider.api import results
from llmprovider.calls.turns import Turn, take_turn
from llmprovider.contracts.faults import fault_of
from llmprovider.contracts.log_contexts import fault_context
from llmprovider.contracts.log_events import tell
from llmprovider.jobs import messages as job_messages
from llmprovider.jobs.sweeping import sweep
from llmprovider.jobs.tending import tend
from llmprovider.models import Bundle
from llmprovider.queueing import messages
from llmprovider.queueing.clean_up import clean_up

log = logging.getLogger(__name__)


@shared_task(name="llmprovider.process_bundle", bind=True, max_retries=None, ignore_result=False)
def process_bundle(self: Task, bundle_id: str, goes_on: bool = False) -> str:
    """Work the bundle whose turn it is, not always the one that is named; returns its id.

    The next task of the chain takes its results home. Never fails, so that a chord waiting for it
    always ends: what failed stays in the rows. It may come back later instead of ending.
    """
    worked, back_in = bundle_id, None
    try:
        turn = take_turn()
        back_in = turn.back_in
        if turn.bundle is not None:
            worked = _results_from(turn, bundle_id)
            if goes_on and back_in is None:
                messages.announce(turn.bundle, goes_on=True)
    except Exception as error:  # the clean-up sees to what this leaves behind
        with fault_context(error, bundle=bundle_id):
            tell(log, logging.ERROR, "ticket_not_worked", fault=fault_of(error))
    if back_in is not None:
        raise self.retry(countdown=back_in)
    return worked


def _results_from(turn: Turn, named: str) -> str:
    """The bundle whose results the next task of the chain is to take home.

    Where that task is not the one for the bundle worked, or comes only after the ticket has come
    back, the results are sent home by themselves, and nothing is left for it to take.
    """
    worked = turn.bundle
    if worked is None:
        return named
    same = Bundle.objects.filter(pk=named, on_results=worked.on_results).exists()
    if same and turn.back_in is None:
        return str(worked.pk)
    if worked.items.filter(finished_at__isnull=False, delivered_at__isnull=True).exists():
        messages.deliver(worked.pk, worked.on_results)
    return named


@shared_task(name="llmprovider.clean_up_queue")
def clean_up_queue() -> None:
    """Free dead leases, expire what is too old, announce and deliver what was lost on the way."""
    clean_up(timezone.now())


@shared_task(name=job_messages.SUBMIT, ignore_result=False)
def submit_job(job_id: str) -> str:
    """Send a batch job, and take it as far as it goes now; returns its id.

    Never fails, so that a chord waiting for it always ends: what is left is the sweep's.
    """
    try:
        tend(job_id)
    except Exception as error:
        with fault_context(error):
            tell(log, logging.ERROR, "job_not_sent", job=job_id, fault=fault_of(error))
    return job_id


@shared_task(name=job_messages.CHECK)
def check_job(job_id: str) -> None:
    """Do what a batch job needs next: send it, look for it, look at it, read its results."""
    try:
        tend(job_id)
    except Exception as error:
        with fault_context(error):
            tell(log, logging.ERROR, "job_not_seen_to", job=job_id, fault=fault_of(error))


@shared_task(name="llmprovider.check_jobs")
def check_jobs() -> None:
    """Have every batch job looked after that is due, and plan those that are."""
    sweep(timezone.now())


@shared_task(name=results.KEEP_RESULTS)
def keep_results(parcel: str) -> None:
    """Acknowledge what was asked for over HTTP; it is read where it is stored."""
    results.keep(parcel)
