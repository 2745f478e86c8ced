"""Queue hygiene: what died, expired or was lost on the way is put right from the rows alone."""

import logging
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q

from llmprovider import messages
from llmprovider.conf import get_settings
from llmprovider.contracts import ErrorType
from llmprovider.models import Bundle, QueueItem
from llmprovider.outcomes import Failure, error_detail, provider_metadata

log = logging.getLogger(__name__)

# Rows handled per query, so that a sweep after a long outage stays small in memory.
CHUNK = 500


def clean_up(now: datetime, *, lone_process: bool = False) -> None:
    """One sweep of the queue.

    `lone_process`: the caller knows that no other process works on this database, so every lease
    is dead and every message lost, without waiting for either to show.
    """
    free_leases(now, every=lone_process)
    if lone_process:
        _restart_clocks(now)
    expire_queued(now)
    patience = timedelta(seconds=0 if lone_process else get_settings().LOST_MESSAGE_SECONDS)
    announce_lost(now, patience)
    deliver_lost(now, patience)


def free_leases(now: datetime, *, every: bool = False) -> None:
    """Back to QUEUED while claims remain, else EXPIRED with an error result.

    `every`: all leases are dead because their one process is, which is no fault of the items.
    """
    held = QueueItem.objects.filter(status=QueueItem.Status.PROCESSING)
    max_claims = get_settings().QUEUE_MAX_ATTEMPTS
    dead = held if every else held.filter(lease_expires_at__lt=now)
    spent = Q(withdrawn=True) if every else Q(withdrawn=True) | Q(claims__gte=max_claims)
    for item in dead.filter(spent)[:CHUNK]:
        _expire(item, now, "lease", f"no answer in {item.claims} claims by a worker")
    freeable = dead.exclude(spent)
    count = freeable.update(status=QueueItem.Status.QUEUED, lease_token=None, lease_expires_at=None)
    if count:
        log.warning("freed %d comparisons whose worker gave no sign", count)


def _restart_clocks(now: datetime) -> None:
    """Time to live bounds the wait for a worker; while there was no process, nobody waited."""
    ttl = timedelta(seconds=get_settings().QUEUED_TTL_SECONDS)
    QueueItem.objects.filter(status=QueueItem.Status.QUEUED, expires_at__lt=now + ttl).update(
        expires_at=now + ttl
    )


def expire_queued(now: datetime) -> None:
    """Comparisons queued past their time to live end as EXPIRED, with an error result."""
    overdue = QueueItem.objects.filter(status=QueueItem.Status.QUEUED, expires_at__lte=now)
    for item in overdue.order_by("expires_at")[:CHUNK]:
        _expire(item, now, "ttl", "waited in the queue past its time to live")


def _expire(item: QueueItem, now: datetime, reason: str, message: str) -> None:
    failure = Failure(ErrorType.EXPIRED, message)
    expired = QueueItem.objects.filter(pk=item.pk, status=item.status).update(
        status=QueueItem.Status.EXPIRED,
        error=error_detail(item, failure, now),
        provider_metadata=provider_metadata(item, None, ""),
        finished_at=now,
        lease_token=None,
        lease_expires_at=None,
    )
    if expired:
        log.warning(
            "expired comparison=%s batch=%s mode=%s provider=%s reason=%s age=%.0fs",
            item.correlation_id,
            item.batch_key,
            item.queue_mode,
            item.provider,
            reason,
            (now - item.enqueued_at).total_seconds(),
        )


def announce_lost(now: datetime, patience: timedelta) -> None:
    """Send the message of every due bundle with queued items that nobody has claimed."""
    due = (
        Bundle.objects.filter(Q(not_before__isnull=True) | Q(not_before__lte=now))
        .filter(announced_at__lte=now - patience, items__status=QueueItem.Status.QUEUED)
        .distinct()
        .order_by("created_at")
    )
    for bundle in due[:CHUNK]:
        with transaction.atomic():
            if _claim_announcement(bundle, now):
                transaction.on_commit(partial(messages.announce_all, [bundle]))


def deliver_lost(now: datetime, patience: timedelta) -> None:
    """Take home the outcomes that nobody has fetched."""
    stranded = (
        Bundle.objects.filter(
            announced_at__lte=now - patience,
            items__delivered_at__isnull=True,
            items__finished_at__lte=now - patience,
        )
        .distinct()
        .order_by("created_at")
    )
    for bundle in stranded[:CHUNK]:
        with transaction.atomic():
            if _claim_announcement(bundle, now):
                transaction.on_commit(partial(messages.deliver, bundle.pk, bundle.on_results))


def _claim_announcement(bundle: Bundle, now: datetime) -> bool:
    """Two sweeps at once: one of them announces."""
    return bool(
        Bundle.objects.filter(pk=bundle.pk, announced_at=bundle.announced_at).update(
            announced_at=now
        )
    )
