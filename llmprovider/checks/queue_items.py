"""Comparisons in the queue: none waits, is held, or lies undelivered longer than it may."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from llmprovider.checks.patience import settled
from llmprovider.checks.repairs import clean_up_queue, take_results_home
from llmprovider.contracts.findings import Check
from llmprovider.models import BatchAccount, Bundle, QueueItem

Status = QueueItem.Status


def _in_batch(key: str) -> Q:
    return Q(batch_key=key)


def overdue_leases(now: datetime) -> QuerySet:
    held = QueueItem.objects.filter(status=Status.PROCESSING, lease_expires_at__lt=settled(now))
    return held.order_by("pk").values_list("correlation_id", flat=True)


def expired_in_the_queue(now: datetime) -> QuerySet:
    waiting = QueueItem.objects.filter(status=Status.QUEUED, expires_at__lt=settled(now))
    return waiting.order_by("pk").values_list("correlation_id", flat=True)


def undelivered(now: datetime) -> QuerySet:
    stranded = QueueItem.objects.filter(finished_at__lt=settled(now), delivered_at__isnull=True)
    return stranded.order_by("finished_at").values_list("correlation_id", flat=True)


def wrong_hints(now: datetime) -> QuerySet:
    """Between a crash, or two workers at one row, and the next sweep a hint may be wrong."""
    long_ago = settled(now)
    items = QueueItem.objects.filter(bundle=OuterRef("pk"))
    recent = Q(claimed_at__gte=long_ago) | Q(finished_at__gte=long_ago)
    live = Bundle.objects.filter(route=Bundle.Route.LIVE, not_before__lt=long_ago)
    queued = Exists(items.filter(status=Status.QUEUED))
    wrong = live.filter(Q(queued, waiting=False) | Q(~queued, waiting=True))
    return wrong.exclude(Exists(items.filter(recent))).order_by("pk").values_list("pk", flat=True)


def verdicts_without_call(now: datetime) -> QuerySet:
    judged = QueueItem.objects.filter(status=Status.COMPLETED, call__isnull=True)
    return judged.order_by("pk").values_list("correlation_id", flat=True)


def without_account(now: datetime) -> QuerySet:
    account = BatchAccount.objects.filter(pk=OuterRef("batch_key"))
    lost = QueueItem.objects.filter(~Exists(account), status__in=QueueItem.OPEN)
    return lost.order_by("pk").values_list("correlation_id", flat=True)


CHECKS = (
    Check(
        code="lease_overdue",
        of="queue item",
        what="held by a worker whose lease has run out, and taken from it by nobody",
        remedy="queues them again, or expires those that were claimed too often",
        find=overdue_leases,
        in_batch=_in_batch,
        repair=clean_up_queue,
    ),
    Check(
        code="expired_in_queue",
        of="queue item",
        what="queued past their time to live",
        remedy="ends them as expired; where no process was at work, they get their time again",
        find=expired_in_the_queue,
        in_batch=_in_batch,
        repair=clean_up_queue,
    ),
    Check(
        code="undelivered",
        of="queue item",
        what="finished, but their results were never taken home",
        remedy="records the results now",
        find=undelivered,
        in_batch=_in_batch,
        repair=take_results_home,
    ),
    Check(
        code="hint_wrong",
        of="bundle",
        what="said to hold queued comparisons and hold none, or the other way round",
        remedy="makes them say what their comparisons say",
        find=wrong_hints,
        in_batch=_in_batch,
        repair=clean_up_queue,
    ),
    Check(
        code="verdict_without_call",
        of="queue item",
        what="have a verdict, but no provider call that gave it",
        remedy="find out who wrote the row; cancel and repeat the batch if it cannot be trusted",
        find=verdicts_without_call,
        in_batch=_in_batch,
    ),
    Check(
        code="account_missing",
        of="queue item",
        what="unfinished, and their batch has no account, so that no call for them can begin",
        remedy="cancel the batch: what it may spend is not known any more",
        find=without_account,
        in_batch=_in_batch,
    ),
)
