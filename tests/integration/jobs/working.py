"""Jobs worked without messages: a test calls what a message would have called, or leaves it out."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from llmprovider.contracts import ComparisonResult, queue
from llmprovider.jobs.sweeping import sweep
from llmprovider.jobs.tending import tend
from llmprovider.models import BatchJob, Bundle, QueueItem
from llmprovider.queueing import enqueueing
from tests.integration.jobs.scripted_vendors import MODEL
from tests.integration.llmprovider.comparisons import comparison

OPEN = BatchJob.OPEN


def submitted(count: int, **changes: Any) -> list[BatchJob]:
    """The jobs of `count` comparisons, planned and not yet sent."""
    judge = {"provider": "anthropic", "model": MODEL, **changes.pop("overrides", {})}
    requests = [
        comparison(number, **{"queue_mode": "batch_api", "overrides": judge, **changes})
        for number in range(count)
    ]
    return enqueueing.enqueue(requests).jobs


def job_of(count: int, **changes: Any) -> BatchJob:
    (job,) = submitted(count, **changes)
    return job


def visit(*jobs: BatchJob) -> None:
    """What a message about each job does, as if it were due."""
    for job in jobs:
        BatchJob.objects.filter(pk=job.pk).update(next_check_at=timezone.now())
        tend(str(job.pk))
        job.refresh_from_db()


def work_jobs(rounds: int = 10) -> None:
    """Visit what is open until nothing is."""
    for _ in range(rounds):
        jobs = list(BatchJob.objects.filter(status__in=OPEN))
        if not jobs:
            return
        visit(*jobs)
    raise AssertionError("a job does not come to an end")


def restart() -> None:
    """What a process does that starts on the rows of one that died."""
    sweep(timezone.now(), lone_process=True)


def make_due() -> None:
    """As if the last look at every job was long ago."""
    now = timezone.now()
    BatchJob.objects.filter(status__in=OPEN).update(
        next_check_at=now - timedelta(seconds=1), announced_at=now - timedelta(seconds=30)
    )


def jobs() -> list[BatchJob]:
    return list(BatchJob.objects.order_by("planned_at", "pk"))


def statuses() -> list[str]:
    return sorted(BatchJob.objects.values_list("status", flat=True))


def items() -> list[QueueItem]:
    return list(QueueItem.objects.order_by("enqueued_at", "pk"))


def item_statuses() -> list[str]:
    return sorted(QueueItem.objects.values_list("status", flat=True))


def fetched(parcels: Sequence[str] | None = None) -> list[ComparisonResult]:
    """Every result that is handed over, acknowledged as a caller does."""
    wanted = parcels or [
        *(f"job:{job.pk}" for job in jobs()),
        *(str(pk) for pk in Bundle.objects.values_list("pk", flat=True)),
    ]
    results: list[ComparisonResult] = []
    for parcel in wanted:
        while found := queue.results_of(parcel):
            results += found
            queue.acknowledge([one.correlation_id for one in found])
    return results


def once_each(results: Sequence[ComparisonResult]) -> bool:
    """Whether every comparison has exactly one result."""
    ids: list[UUID] = [one.correlation_id for one in results]
    every = set(QueueItem.objects.values_list("correlation_id", flat=True))
    return len(ids) == len(set(ids)) and set(ids) == every
