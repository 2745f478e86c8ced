"""Collecting: a job's results, read line by line, become rows a few hundred at a time.

Each request's row is completed once, so reading the results again changes nothing.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from llmprovider import tallies
from llmprovider.calls.outcomes import Failure, ItemOutcome, store_outcomes
from llmprovider.calls.records import note_answer, note_error
from llmprovider.calls.requests import judge_of
from llmprovider.calls.retries import plan_retries
from llmprovider.conf import get_settings
from llmprovider.contracts import ErrorType
from llmprovider.contracts.log_events import tell
from llmprovider.costs.pricing import COST_UNIT
from llmprovider.jobs import messages
from llmprovider.jobs.checking import missed
from llmprovider.jobs.finding import disown, is_of
from llmprovider.jobs.intervals import HOLD
from llmprovider.jobs.planning import plan_jobs
from llmprovider.jobs.requests import vendor_of
from llmprovider.jobs.tickets import send_tickets
from llmprovider.models import BatchJob, Bundle, ProviderCall, QueueItem
from llmprovider.providers.base import ProviderError, ProviderResponse
from llmprovider.providers.batches.base import JobResult
from llmprovider.queueing.expiries import time_to_live
from llmprovider.queueing.turnstiles import one_at_a_time

log = logging.getLogger(__name__)

# Results stored in one transaction, and in memory at a time.
CHUNK: Final = 500

# A line that cannot be read, and one that is not there, may stand for an answer that is billed.
_BILL_UNKNOWN: Final = frozenset({ErrorType.INVALID_RESPONSE})

Outcome = ProviderResponse | ProviderError


class Overtaken(Exception):
    """Somebody else has gone on with the job."""


def collect(job: BatchJob, now: datetime) -> bool:
    """Read and store all results of a job that has ended, and end its row.

    True where something can be done about it at once.
    """
    try:
        if not (job.refused or job.given_up):
            try:
                if not _read(job):
                    return disown(job, now)
            except ProviderError as error:
                return missed(job, error, now)
        _finish_rest(job)
        _conclude(job)
    except Overtaken:
        tell(log, logging.INFO, "job_overtaken", "somebody else collects the job", job=job.pk)
    return False


def _read(job: BatchJob) -> bool:
    """Store every result; False where they are not of this job."""
    vendor = vendor_of(job)
    results = vendor.collect(vendor.check(job.vendor_id))
    while chunk := list(islice(results, CHUNK)):
        if job.unproven:
            if not is_of(job, [one.custom_id for one in chunk]):
                return False
            if BatchJob.objects.filter(pk=job.pk, unproven=True).update(unproven=False):
                tallies.job_submitted(job)
            job.unproven = False
        _store(job, _first_of_each(chunk))
    # Without any result nothing shows whose the job was.
    return not job.unproven


def _first_of_each(results: Iterable[JobResult]) -> dict[str, Outcome]:
    first: dict[str, Outcome] = {}
    for result in results:
        first.setdefault(result.custom_id, result.outcome)
    return first


def _finish_rest(job: BatchJob) -> None:
    """An outcome for every request without a result."""
    while True:
        waiting = ProviderCall.objects.filter(job=job, finished_at__isnull=True)
        names = list(waiting.values_list("custom_id", flat=True)[:CHUNK])
        if not names:
            return
        _store(job, dict.fromkeys(names, _of_the_rest(job)), missing=not job.refused)


def _of_the_rest(job: BatchJob) -> ProviderError:
    if job.refused or job.given_up:
        return ProviderError(ErrorType(job.error_type), job.error_message, outage=job.outage)
    return ProviderError(
        ErrorType.INVALID_RESPONSE, "the job ended without a result for this request"
    )


def _store(job: BatchJob, outcomes: Mapping[str, Outcome], *, missing: bool = False) -> None:
    """Complete the calls named, with all that follows from them, in one transaction."""
    now = timezone.now()
    with transaction.atomic():
        _locked(job)
        calls = list(
            ProviderCall.objects.filter(
                job=job, custom_id__in=list(outcomes), finished_at__isnull=True
            ).select_related("bundle")
        )
        items = _items([call.bundle_id for call in calls])
        counts: dict[str, int] = {}
        retries: list[Bundle] = []
        for call in calls:
            outcome = outcomes[call.custom_id]
            kind = "missing" if missing else _kind(outcome)
            counts[kind] = counts.get(kind, 0) + 1
            retries += _settle(job, call, items.get(call.bundle_id, []), outcome, now)
            call.save(update_fields=_CALL_FIELDS)
            tallies.billed(call)
        BatchJob.objects.filter(pk=job.pk).update(
            next_check_at=now + HOLD, **{kind: F(kind) + many for kind, many in counts.items()}
        )
        tallies.requests_ended(job, counts)
        if calls:
            messages.deliver(job)
        send_tickets([one.pk for one in retries if one.route == Bundle.Route.LIVE])


_CALL_FIELDS: Final = [
    "resolved_model",
    "vendor_request_id",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "reasoning_tokens",
    "reserved_usd",
    "cost_usd",
    "priced",
    "error_type",
    "error_message",
    "unknown_items",
    "finished_at",
]


def _locked(job: BatchJob) -> None:
    mine = BatchJob.objects.select_for_update(no_key=True).filter(
        pk=job.pk, status=BatchJob.Status.COLLECTING
    )
    if mine.first() is None:
        raise Overtaken


def _items(bundle_ids: Iterable[UUID]) -> dict[UUID, list[QueueItem]]:
    """Those that were asked in each bundle, in the order in which they were."""
    found: dict[UUID, list[QueueItem]] = {}
    rows = QueueItem.objects.filter(bundle__in=list(bundle_ids), status=QueueItem.Status.SUBMITTED)
    for item in rows.order_by("bundle_index"):
        found.setdefault(item.bundle_id, []).append(item)
    return found


def _kind(outcome: Outcome) -> str:
    if isinstance(outcome, ProviderResponse):
        return "succeeded"
    if outcome.error_type is ErrorType.EXPIRED:
        return "expired"
    return "cancelled" if outcome.error_type is ErrorType.CANCELLED else "errored"


def _settle(
    job: BatchJob, call: ProviderCall, items: list[QueueItem], outcome: Outcome, now: datetime
) -> list[Bundle]:
    """Write one result into its call and its comparisons; the bundles in which they wait again."""
    call.finished_at = now
    unreadable = False
    if isinstance(outcome, ProviderResponse):
        noted = note_answer(call, items, judge_of(call.bundle), outcome)
        found, unreadable = noted.outcomes, noted.unreadable
    else:
        unknown = frozenset(ErrorType) if job.given_up else _BILL_UNKNOWN
        failure = note_error(call, outcome, items=len(items), bill_unknown=unknown)
        found = {item.pk: _failure(job, item, failure) for item in items}
    again = store_outcomes(items, found, call=call, prompt_sha256=call.prompt_sha256)
    failures = [one for item in again if isinstance(one := found[item.pk], Failure)]
    route = _retry_route(job)
    # A job may have taken nearly all the time that they had to wait for it.
    QueueItem.objects.filter(pk__in=[item.pk for item in again]).update(
        expires_at=now + time_to_live(route)
    )
    return plan_retries(call.bundle, again, failures, smaller=unreadable, now=now, route=route)


def _failure(job: BatchJob, item: QueueItem, failure: Failure) -> ItemOutcome:
    """What the failure of a request means for one of its comparisons."""
    if job.given_up:
        return Failure(failure.error_type, failure.message, final=True)
    if failure.error_type not in (ErrorType.CANCELLED, ErrorType.EXPIRED):
        return failure
    if item.withdrawn:
        return Failure(ErrorType.CANCELLED, "withdrawn by the caller")
    # Nobody here took it back: it was not judged in time, and may still be.
    final = _past_deadline(job) and not get_settings().BATCH_JOB_FALLBACK_TO_LIVE
    return Failure(ErrorType.EXPIRED, failure.message, final=final)


def _past_deadline(job: BatchJob) -> bool:
    return job.cancel_requested_at is not None and job.cancel_requested_at >= job.deadline_at


def _retry_route(job: BatchJob) -> str:
    """One follow-up job where that is wanted; what fails there, too, and what is late goes live."""
    wanted = get_settings().BATCH_API_RETRY_ROUTE == "job"
    follow_up = job.parent is not None and job.parent.status in (
        BatchJob.Status.COLLECTED,
        BatchJob.Status.FAILED,
    )
    by_job = wanted and not follow_up and not _past_deadline(job)
    return Bundle.Route.JOB if by_job else Bundle.Route.LIVE


def _conclude(job: BatchJob) -> None:
    """End the row, count the cost and plan what follows, in one transaction: so once."""
    now = timezone.now()
    with transaction.atomic():
        one_at_a_time()  # the sweep plans what waits, too
        _locked(job)
        cost = ProviderCall.objects.filter(job=job).aggregate(sum=Sum("cost_usd"))["sum"]
        changes: dict[str, object] = {
            "collected_at": now,
            "cost_usd": (cost or Decimal(0)).quantize(COST_UNIT),
        }
        failed = job.refused or job.given_up
        if not failed:
            changes |= {"error_type": "", "error_message": ""}
        status = BatchJob.Status.FAILED if failed else BatchJob.Status.COLLECTED
        if not job.step_to(status, **changes):
            raise Overtaken
        for new in plan_jobs(_waiting_again(job), now, parent=job):
            messages.look_after(new)
        messages.deliver(job)
        transaction.on_commit(partial(_report, job.pk))


def _waiting_again(job: BatchJob) -> list[UUID]:
    """Bundles of the job's batches, for the same judge, that its results sent to a further job."""
    keys = ProviderCall.objects.filter(job=job).order_by().values("batch_key").distinct()
    waiting = Bundle.objects.filter(
        route=Bundle.Route.JOB,
        job__isnull=True,
        batch_key__in=keys,
        provider=job.provider,
        model=job.model,
        on_results=job.on_results,
        created_at__gte=job.ended_at or job.planned_at,
    )
    return list(waiting.order_by("created_at", "pk").values_list("pk", flat=True))


def _report(job_id: UUID) -> None:
    job = BatchJob.objects.get(pk=job_id)
    tell(
        log,
        logging.INFO,
        "job_ended",
        job=job.pk,
        provider=job.provider,
        model=job.model,
        status=job.status,
        requests=job.requests,
        succeeded=job.succeeded,
        errored=job.errored,
        expired=job.expired,
        cancelled=job.cancelled,
        missing=job.missing,
        cost_usd=job.cost_usd,
    )
