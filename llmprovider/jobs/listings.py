"""Jobs as others see them: plain figures, no text, no key."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, Q, Sum
from django.utils import timezone

from llmprovider.conf import BatchApiMode, get_settings
from llmprovider.jobs.sweeping import last_submission
from llmprovider.models import BatchJob, Bundle, ProviderCall, QueueItem

COUNTS = ("succeeded", "errored", "cancelled", "expired", "missing")


def jobs_of(batch_key: str) -> list[dict[str, Any]]:
    """The jobs that hold, or held, comparisons of a batch, oldest first.

    `requests`, `counts` and `vendor_counts` are of the whole job, which may hold other batches'
    too; `comparisons` and `cost_usd` are this batch's. Times are datetimes or None, ages seconds.
    """
    of_batch = Q(bundles__batch_key=batch_key) | Q(calls__batch_key=batch_key)
    jobs = list(BatchJob.objects.filter(of_batch).distinct().order_by("planned_at", "pk"))
    calls = {
        row["job"]: row
        for row in ProviderCall.objects.filter(job__in=jobs, batch_key=batch_key)
        .order_by()
        .values("job")
        .annotate(
            requests=Count("pk"),
            answered=Count("pk", filter=Q(finished_at__isnull=False)),
            items=Sum("items_count"),
            usd=Sum("cost_usd"),
        )
    }
    now = timezone.now()
    return [_listed(job, calls.get(job.pk, {}), now) for job in jobs]


def _listed(job: BatchJob, calls: dict[str, Any], now: datetime) -> dict[str, Any]:
    end = job.collected_at or now
    return {
        "id": str(job.pk),
        "provider": job.provider,
        "model": job.model,
        "status": str(job.status),
        "open": not job.ended,
        "attempt": job.attempt,
        "parent": str(job.parent_id) if job.parent_id else None,
        "vendor_id": job.vendor_id or None,
        "vendor_status": job.vendor_status or None,
        "requests": job.requests,
        "comparisons": calls.get("items") or job.items,
        "counts": {name: getattr(job, name) for name in COUNTS},
        "vendor_counts": dict(job.vendor_counts),
        "age_seconds": (end - job.planned_at).total_seconds(),
        "cost_usd": calls.get("usd") or Decimal(0),
        "error_type": job.error_type or None,
        "error_message": job.error_message or None,
        "planned_at": job.planned_at,
        "submitted_at": job.submitted_at,
        "last_check_at": job.last_check_at,
        "next_check_at": None if job.ended else job.next_check_at,
        "deadline_at": job.deadline_at,
        "cancel_requested_at": job.cancel_requested_at,
        "cancel_sent_at": job.cancel_sent_at,
        "ended_at": job.ended_at,
        "collected_at": job.collected_at,
    }


def waiting_for_a_job(batch_key: str) -> dict[str, Any] | None:
    """{comparisons, since, until}: those of a batch that are in no job yet; None where none are.

    `until`: when they will be, where that is known (the next night's submission).
    """
    waiting = QueueItem.objects.filter(
        batch_key=batch_key,
        status=QueueItem.Status.QUEUED,
        bundle__route=Bundle.Route.JOB,
        bundle__job__isnull=True,
    ).aggregate(comparisons=Count("pk"), since=Min("enqueued_at"))
    if not waiting["comparisons"]:
        return None
    nightly = get_settings().BATCH_API_MODE is BatchApiMode.NIGHTLY
    until = last_submission(timezone.now()) + timedelta(days=1) if nightly else None
    return {**waiting, "until": until}


def oldest_age(jobs: Iterable[dict[str, Any]]) -> float | None:
    """Seconds since the oldest open job was planned; None where none is open."""
    return max((job["age_seconds"] for job in jobs if job["open"]), default=None)
