"""The queue's doors for the app that asks: submit, fetch, acknowledge, withdraw, look on.

What it costs is in `bills`, who can judge in `judging`; everything else of this app is its own
affair.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from celery import Signature
from django.db import transaction
from django.utils import timezone

from llmprovider import tallies
from llmprovider.calls.outcomes import Failure, error_detail, provider_metadata
from llmprovider.conf import get_settings
from llmprovider.contracts.comparisons import (
    ComparisonRequest,
    ComparisonResult,
    ErrorDetail,
    ErrorType,
    TokenUsage,
)
from llmprovider.jobs import messages as job_messages
from llmprovider.jobs import sweeping
from llmprovider.jobs.cancelling import cancel_jobs
from llmprovider.jobs.listings import jobs_of, oldest_age, waiting_for_a_job
from llmprovider.jobs.planning import Weighed
from llmprovider.log_names import parcel_context
from llmprovider.models import Bundle, QueueItem
from llmprovider.queueing import clean_up, enqueueing, instalments, messages
from llmprovider.queueing.enqueueing import QueueFull
from llmprovider.queueing.instalments import Instalment
from llmprovider.queueing.parcels import items_of
from llmprovider.troubles import Trouble, TroubleKind, troubles_of

__all__ = [
    "QueueFull",
    "Trouble",
    "TroubleKind",
    "acknowledge",
    "capacity",
    "conclude",
    "expect",
    "finished",
    "instalments_of",
    "jobs_of",
    "oldest_age",
    "parcel_context",
    "recover_lone_process",
    "results_of",
    "submit",
    "submit_instalment",
    "troubles_of",
    "waiting_for_a_job",
    "weighed_for_jobs",
    "withdraw",
]


def submit(requests: Sequence[ComparisonRequest]) -> list[Signature]:
    """Store `requests` in the caller's transaction; returns one signature for each thing to do.

    That is a judge-and-deliver chain a bundle, and a task a batch job that ends once it is sent;
    nothing for what waits for the night. Send them on commit, as the header of a chord. Raises
    QueueFull with nothing stored.
    """
    stored = enqueueing.enqueue(requests)
    return [
        *map(messages.process_then_deliver, stored.bundles),
        *map(job_messages.submission, stored.jobs),
    ]


def expect(batch_key: str, count: int) -> None:
    """Keep places for `count` comparisons that come in instalments. Raises QueueFull.

    For what is too much for one transaction: cut it by `instalments_of`, submit each part in a
    transaction of its own, then `conclude`. Until then nothing of it goes by job.
    """
    instalments.expect(batch_key, count)


def instalments_of(requests: Sequence[ComparisonRequest], most: int) -> list[Instalment]:
    """`requests` (one batch_key) in parts of at most `most` comparisons; no call is cut.

    The calls are those that `submit` would make of all of them.
    """
    return instalments.instalments_of(requests, most)


def submit_instalment(part: Instalment) -> list[Signature]:
    """As `submit`, for a part of what is expected; jobs come with `conclude`."""
    bundles = instalments.take(part)
    return [messages.process_then_deliver(one) for one in bundles if one.waiting]


def weighed_for_jobs(batch_key: str) -> Weighed:
    """What `conclude` needs; takes long, only reads, and belongs before its transaction."""
    return instalments.weighed_for_jobs(batch_key)


def conclude(batch_key: str, found: Weighed) -> list[Signature]:
    """All that is expected of a batch has come: one signature for each job to be sent."""
    return [job_messages.submission(job) for job in instalments.conclude(batch_key, found)]


# Results in one go, so that a job's do not have to fit into memory.
RESULTS_AT_ONCE = 500


def results_of(parcel: str) -> list[ComparisonResult]:
    """Finished and not yet acknowledged comparisons of a parcel, at most RESULTS_AT_ONCE.

    A parcel is a bundle's id, or "job:" and a batch job's. Acknowledge them and ask again until
    nothing is left.
    """
    items = (
        QueueItem.objects.filter(
            items_of(parcel), delivered_at__isnull=True, finished_at__isnull=False
        )
        .select_related("call")
        .order_by("bundle_id", "bundle_index")
    )
    return [_result(item) for item in items[:RESULTS_AT_ONCE]]


def finished(batch_key: str) -> dict[UUID, ComparisonResult]:
    """Every comparison of a batch that has ended, delivered or not, by its correlation id."""
    items = QueueItem.objects.filter(batch_key=batch_key, finished_at__isnull=False).select_related(
        "call"
    )
    return {item.correlation_id: _result(item) for item in items}


def _result(item: QueueItem) -> ComparisonResult:
    return ComparisonResult(
        request_id=item.pk,
        correlation_id=item.correlation_id,
        winner=item.winner or None,
        confidence=item.confidence,
        justification=item.justification or None,
        error_detail=ErrorDetail.model_validate(item.error) if item.error else None,
        provider=item.provider,
        model=item.call.resolved_model or item.model if item.call else item.model,
        response_time_ms=item.call.latency_ms if item.call else None,
        token_usage=TokenUsage(**item.usage),
        cost_usd=item.cost_usd,
        requested_at=item.enqueued_at,
        completed_at=item.finished_at or timezone.now(),
        request_metadata={**item.provider_metadata, **item.metadata},
    )


def acknowledge(correlation_ids: Iterable[UUID]) -> None:
    """The caller has recorded these results (in this transaction): deliver them no more."""
    waiting = QueueItem.objects.filter(
        correlation_id__in=list(correlation_ids), delivered_at__isnull=True
    )
    with transaction.atomic():
        locked = waiting.select_for_update(no_key=True).order_by("pk")
        tallies.delivered(list(locked.values_list("queue_mode", "status")))
        waiting.update(delivered_at=timezone.now())


def withdraw(batch_key: str) -> set[UUID]:
    """Take back every comparison of a batch that no provider has seen; returns their ids.

    They end as CANCELLED and count as delivered: the caller knows. Those in a call under way end
    with that call, whatever it brings, and are not asked again. So do those in a provider's batch
    job, which is asked to end if it holds no other batch's; what it has finished comes in.
    """
    now = timezone.now()
    failure = Failure(ErrorType.CANCELLED, "withdrawn by the caller")
    with transaction.atomic():
        instalments.forgo(batch_key)
        cancel_jobs(batch_key, now)
        bundles = Bundle.objects.filter(batch_key=batch_key, waiting=True)
        list(bundles.select_for_update(no_key=True).order_by("pk").values_list("pk"))
        open_items = list(
            QueueItem.objects.select_for_update()
            .filter(batch_key=batch_key, status__in=QueueItem.OPEN)
            .order_by("pk")
        )
        taken = [item for item in open_items if item.status == QueueItem.Status.QUEUED]
        for item in taken:
            item.status = QueueItem.Status.CANCELLED
            item.error = error_detail(item, failure, now)
            item.provider_metadata = provider_metadata(item, None, "")
        # What differs between them takes long to write; the rest is said once for all.
        fields = ["status", "error", "provider_metadata"]
        QueueItem.objects.bulk_update(taken, fields, batch_size=500)
        _update([item.pk for item in taken], finished_at=now, delivered_at=now)
        _update([item.pk for item in open_items], withdrawn=True)
        bundles.update(waiting=False)
        tallies.delivered([(item.queue_mode, item.status) for item in taken])
    return {item.correlation_id for item in taken}


def _update(keys: Sequence[UUID], **values: object) -> None:
    for start in range(0, len(keys), 500):
        QueueItem.objects.filter(pk__in=keys[start : start + 500]).update(**values)


def capacity() -> int:
    """Most comparisons that the queue holds unfinished; more at once never fit."""
    return get_settings().QUEUE_CAPACITY


def recover_lone_process(now: datetime) -> None:
    """After a crash of the only process on this database: nothing is leased, no message lives."""
    clean_up.clean_up(now, lone_process=True)
    sweeping.sweep(now, lone_process=True)
