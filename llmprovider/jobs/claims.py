"""Claiming a job's comparisons: they are the job's from then on, and what it can cost is set aside.

Locks are taken in one order, here and everywhere: account, job, items (by key).
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F

from llmprovider.budgets import Leave, Purse, most_it_costs, over_the_cap, purse_of
from llmprovider.call_requests import judge_of, size_with
from llmprovider.contracts import ErrorType
from llmprovider.jobs.requests import give_instructions
from llmprovider.models import (
    BatchAccount,
    BatchJob,
    Bundle,
    InstructionSet,
    ProviderCall,
    QueueItem,
)
from llmprovider.outcomes import Failure, store_outcomes
from llmprovider.providers.registry import is_mock

# Rows handled at a time.
CHUNK = 500


def claim(job: BatchJob, now: datetime) -> bool:
    """PLANNED to PREPARING; False where there is nothing to send, or somebody else was first.

    One row for each request is written with the most that it can cost. What does not fit under its
    batch's money cap is withdrawn; what fits once other calls are billed waits for a later job.
    """
    with transaction.atomic():
        purses = _purses(job)
        if not job.step_to(BatchJob.Status.PREPARING, preparing_at=now):
            return False
        queued = QueueItem.objects.filter(
            bundle__job=job, status=QueueItem.Status.QUEUED, expires_at__gt=now
        )
        list(queued.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))
        requests, items = _reserve(job, purses, now)
        job.requests, job.items = requests, items
        if not requests:
            job.step_to(
                BatchJob.Status.CANCELLED, requests=0, items=0, ended_at=now, collected_at=now
            )
            return False
        BatchJob.objects.filter(pk=job.pk).update(requests=requests, items=items)
        return True


def _purses(job: BatchJob) -> dict[str, Purse]:
    keys = Bundle.objects.filter(job=job).order_by().values("batch_key").distinct()
    accounts = BatchAccount.objects.select_for_update(no_key=True).filter(pk__in=keys)
    return {account.pk: purse_of(account) for account in accounts.order_by("pk")}


def _reserve(job: BatchJob, purses: dict[str, Purse], now: datetime) -> tuple[int, int]:
    """Take the comparisons of every bundle that its batch can pay for; (requests, comparisons)."""
    instructions: dict[str, InstructionSet] = {}
    requests = items = 0
    after: UUID | None = None
    while True:
        bundles = Bundle.objects.filter(job=job).order_by("pk")
        chunk = list((bundles.filter(pk__gt=after) if after else bundles)[:CHUNK])
        if not chunk:
            return requests, items
        after = chunk[-1].pk
        give_instructions(chunk, instructions)
        calls, taken, later = _calls(job, chunk, purses, now)
        ProviderCall.objects.bulk_create(calls)
        _take(taken, now)
        Bundle.objects.filter(pk__in=later).update(job=None)
        requests += len(calls)
        items += len(taken)


def _calls(
    job: BatchJob, bundles: Sequence[Bundle], purses: dict[str, Purse], now: datetime
) -> tuple[list[ProviderCall], list[UUID], list[UUID]]:
    """Rows for the requests, the comparisons in them, and the bundles that wait for money."""
    rows: dict[UUID, list[QueueItem]] = {bundle.pk: [] for bundle in bundles}
    queued = QueueItem.objects.filter(
        bundle__in=list(rows), status=QueueItem.Status.QUEUED, expires_at__gt=now
    )
    for item in queued.select_related("first", "second").defer("first__text", "second__text"):
        rows[item.bundle_id].append(item)
    calls, taken, later = [], [], []
    for bundle in bundles:
        items = rows[bundle.pk]
        if not items:
            continue
        tokens: dict[str, int] = {}
        for item in items:
            tokens |= {item.first_id: item.first.tokens, item.second_id: item.second.tokens}
        most = size_with(bundle, tokens, len(items)).most
        cost = most_it_costs(judge_of(bundle), most, batch=True)
        leave = purses[bundle.batch_key].take(cost)
        ids = [item.pk for item in items]
        if leave is Leave.REFUSED:
            end(ids, over_the_cap(priced=cost is not None), now)
        elif leave is Leave.LATER:
            later.append(bundle.pk)
        else:
            taken += ids
            calls.append(
                ProviderCall(
                    bundle=bundle,
                    job=job,
                    custom_id=str(items[0].correlation_id if len(items) == 1 else bundle.pk),
                    batch_key=bundle.batch_key,
                    provider=bundle.provider,
                    model=bundle.model,
                    mock=is_mock(bundle.provider),
                    items_count=len(items),
                    attempt=max(item.attempts for item in items) + 1,
                    reserved_usd=cost or Decimal(0),
                    started_at=now,
                )
            )
    return calls, taken, later


def _take(ids: Sequence[UUID], now: datetime) -> None:
    for start in range(0, len(ids), CHUNK):
        QueueItem.objects.filter(
            pk__in=ids[start : start + CHUNK], status=QueueItem.Status.QUEUED
        ).update(status=QueueItem.Status.SUBMITTED, claimed_at=now, claims=F("claims") + 1)


def end(ids: Sequence[UUID], failure: Failure, now: datetime) -> None:
    """End comparisons of a job without a request; those that wait are taken first."""
    _take(ids, now)
    for start in range(0, len(ids), CHUNK):
        items = list(QueueItem.objects.filter(pk__in=ids[start : start + CHUNK]))
        store_outcomes(items, {item.pk: failure for item in items}, call=None)


def release(job: BatchJob, now: datetime, why: str, expires_at: datetime) -> None:
    """Give a job's comparisons back to the queue: nothing of it is at the provider, so nothing is
    billed. Withdrawn ones end. The caller's transaction has changed the job's status."""
    ProviderCall.objects.filter(job=job, finished_at__isnull=True).update(
        finished_at=now, priced=True, reserved_usd=0, error_type="cancelled", error_message=why
    )
    held = QueueItem.objects.filter(bundle__job=job, status=QueueItem.Status.SUBMITTED)
    list(held.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))
    withdrawn = list(held.filter(withdrawn=True).values_list("pk", flat=True))
    held.filter(withdrawn=False).update(status=QueueItem.Status.QUEUED, expires_at=expires_at)
    end(withdrawn, Failure(ErrorType.CANCELLED, "withdrawn by the caller"), now)
