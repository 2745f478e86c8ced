"""Claiming a job's comparisons: they are the job's from then on, and what it can cost is set aside.

Locks are taken in one order, here and everywhere: account, job, items (by key).
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Sum

from llmprovider import tallies
from llmprovider.calls.outcomes import Failure, store_outcomes
from llmprovider.calls.requests import judge_of, size_of_read
from llmprovider.contracts import ErrorType
from llmprovider.costs.budgets import Leave, Purse, over_the_cap, purse_of
from llmprovider.costs.calls import most_it_costs
from llmprovider.jobs.intervals import HOLD
from llmprovider.jobs.requests import give_instructions
from llmprovider.models import (
    BatchAccount,
    BatchJob,
    Bundle,
    InstructionSet,
    ProviderCall,
    QueueItem,
)
from llmprovider.providers.registry import is_mock

# Rows handled at a time.
CHUNK = 500


def claim(job: BatchJob, now: datetime) -> bool:
    """Take the comparisons of a job that is PREPARING, some hundred at a time, so that nobody waits
    long for the database; False where there is nothing to send, or the job was taken back.

    One row for each request is written with the most that it can cost. What does not fit under its
    batch's money cap is withdrawn; what fits once other calls are billed waits for a later job. May
    run again after a crash: what is taken already is left alone.
    """
    instructions: dict[str, InstructionSet] = {}
    after: UUID | None = None
    while True:
        bundles = _unclaimed(job, after)
        if not bundles:
            break
        after = bundles[-1].pk
        give_instructions(bundles, instructions)
        if not _claim(job, bundles, now):
            return False
    calls = ProviderCall.objects.filter(job=job)
    totals = calls.aggregate(requests=Count("pk"), items=Sum("items_count", default=0))
    if not totals["requests"]:
        job.step_to(BatchJob.Status.CANCELLED, ended_at=now, collected_at=now, **totals)
        return False
    BatchJob.objects.filter(pk=job.pk).update(**totals)
    job.requests, job.items = totals["requests"], totals["items"]
    return True


def _unclaimed(job: BatchJob, after: UUID | None) -> list[Bundle]:
    claimed = ProviderCall.objects.filter(job=job, bundle=OuterRef("pk"))
    bundles = Bundle.objects.filter(~Exists(claimed), job=job).order_by("pk")
    return list((bundles.filter(pk__gt=after) if after else bundles)[:CHUNK])


def _claim(job: BatchJob, bundles: Sequence[Bundle], now: datetime) -> bool:
    """False where the job is PREPARING no more."""
    with transaction.atomic():
        purses = _purses({bundle.batch_key for bundle in bundles})
        held = BatchJob.objects.select_for_update(no_key=True).filter(
            pk=job.pk, status=BatchJob.Status.PREPARING
        )
        if held.first() is None:
            return False
        waiting = _still_unclaimed(job, bundles)
        calls, taken, later = _calls(job, waiting, purses, now)
        ProviderCall.objects.bulk_create(calls)
        _take(taken, now)
        Bundle.objects.filter(pk__in=later).update(job=None)
        BatchJob.objects.filter(pk=job.pk).update(next_check_at=now + HOLD)
        return True


def _still_unclaimed(job: BatchJob, bundles: Sequence[Bundle]) -> list[Bundle]:
    """Now that the job is locked."""
    ids = [bundle.pk for bundle in bundles]
    calls = ProviderCall.objects.filter(job=job, bundle__in=ids)
    claimed = set(calls.values_list("bundle_id", flat=True))
    return [bundle for bundle in bundles if bundle.pk not in claimed]


def _purses(batch_keys: set[str]) -> dict[str, Purse]:
    accounts = BatchAccount.objects.select_for_update(no_key=True).filter(pk__in=batch_keys)
    return {account.pk: purse_of(account) for account in accounts.order_by("pk")}


def _calls(
    job: BatchJob, bundles: Sequence[Bundle], purses: dict[str, Purse], now: datetime
) -> tuple[list[ProviderCall], list[UUID], list[UUID]]:
    """Rows for the requests, the comparisons in them, and the bundles that wait for money."""
    rows: dict[UUID, list[QueueItem]] = {bundle.pk: [] for bundle in bundles}
    queued = QueueItem.objects.filter(
        bundle__in=list(rows), status=QueueItem.Status.QUEUED, expires_at__gt=now
    )
    list(queued.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))
    for item in queued.select_related("first", "second").defer("first__text", "second__text"):
        rows[item.bundle_id].append(item)
    calls, taken, later = [], [], []
    for bundle in bundles:
        items = rows[bundle.pk]
        if not items:
            continue
        most = size_of_read(bundle, items).most
        cost = most_it_costs(judge_of(bundle), most, batch=True)
        leave = purses[bundle.batch_key].take(cost)
        ids = [item.pk for item in items]
        if leave is Leave.REFUSED:
            end(ids, over_the_cap(priced=cost is not None), now)
        elif leave is Leave.LATER:
            later.append(bundle.pk)
        else:
            taken += ids
            free = is_mock(bundle.provider)
            calls.append(
                ProviderCall(
                    bundle=bundle,
                    job=job,
                    custom_id=str(items[0].correlation_id if len(items) == 1 else bundle.pk),
                    batch_key=bundle.batch_key,
                    provider=bundle.provider,
                    model=bundle.model,
                    mock=free,
                    priced=free,
                    items_count=len(items),
                    attempt=max(item.attempts for item in items) + 1,
                    reserved_usd=cost or Decimal(0),
                    started_at=now,
                )
            )
    return calls, taken, later


def _take(ids: Sequence[UUID], now: datetime) -> None:
    for start in range(0, len(ids), CHUNK):
        queued = QueueItem.objects.filter(
            pk__in=ids[start : start + CHUNK], status=QueueItem.Status.QUEUED
        )
        first = queued.filter(claimed_at__isnull=True)
        tallies.claimed(list(first.values_list("queue_mode", "enqueued_at")), now)
        queued.update(status=QueueItem.Status.SUBMITTED, claimed_at=now, claims=F("claims") + 1)


def end(ids: Sequence[UUID], failure: Failure, now: datetime) -> None:
    """End comparisons of a job without a request; those that wait are taken first."""
    _take(ids, now)
    for start in range(0, len(ids), CHUNK):
        items = list(QueueItem.objects.filter(pk__in=ids[start : start + CHUNK]))
        store_outcomes(items, {item.pk: failure for item in items}, call=None)


def release(
    job: BatchJob,
    now: datetime,
    why: str,
    expires_at: datetime,
    error_type: str = ErrorType.CANCELLED,
) -> None:
    """Give a job's comparisons back to the queue: nothing of it is at the provider, so nothing is
    billed. Withdrawn ones end. The caller's transaction has changed the job's status."""
    ProviderCall.objects.filter(job=job, finished_at__isnull=True).update(
        finished_at=now, priced=True, reserved_usd=0, error_type=error_type, error_message=why
    )
    held = QueueItem.objects.filter(bundle__job=job, status=QueueItem.Status.SUBMITTED)
    list(held.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))
    withdrawn = list(held.filter(withdrawn=True).values_list("pk", flat=True))
    held.filter(withdrawn=False).update(status=QueueItem.Status.QUEUED, expires_at=expires_at)
    end(withdrawn, Failure(ErrorType.CANCELLED, "withdrawn by the caller"), now)
