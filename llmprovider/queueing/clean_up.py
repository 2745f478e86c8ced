"""Queue hygiene: what died, expired or was lost on the way is put right from the rows alone."""

import logging
from collections.abc import Container
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from llmprovider import gates, tallies
from llmprovider.calls.outcomes import Failure, error_detail, provider_metadata
from llmprovider.conf import get_settings
from llmprovider.contracts import ErrorType
from llmprovider.contracts.log_contexts import batch_context
from llmprovider.contracts.log_events import tell
from llmprovider.models import Bundle, ProviderCall, QueueItem
from llmprovider.queueing import messages
from llmprovider.queueing.leases import free, give_up_calls
from llmprovider.queueing.picking import Lane

log = logging.getLogger(__name__)

# Rows handled per query, so that a sweep after a long outage stays small in memory.
CHUNK = 500
# Tickets sent at once for a judge whose own were lost: as many as there may be workers.
TICKETS = 32


def clean_up(now: datetime, *, lone_process: bool = False) -> None:
    """One sweep of the queue.

    `lone_process`: the caller knows that no other process works on this database, so every lease
    is dead and every message lost, without waiting for either to show.
    """
    free_leases(now, every=lone_process)
    give_up_calls(now, every=lone_process)
    if lone_process:
        _restart_clocks(now)
    expire_queued(now)
    fail_outages(now)
    mend_hints()
    patience = timedelta(seconds=0 if lone_process else get_settings().LOST_MESSAGE_SECONDS)
    closed = gates.closed_until(now)
    announce_due(now, closed)
    announce_lost(now, patience, closed, lone_process=lone_process)
    deliver_lost(now, patience)


def free_leases(now: datetime, *, every: bool = False) -> None:
    """Back to QUEUED while claims remain, else EXPIRED with an error result.

    `every`: all leases are dead because their one process is, which is no fault of the items.
    """
    held = QueueItem.objects.filter(status=QueueItem.Status.PROCESSING)
    max_claims = get_settings().QUEUE_MAX_ATTEMPTS
    dead = Q() if every else Q(lease_expires_at__lt=now)
    spent = Q(withdrawn=True) if every else Q(withdrawn=True) | Q(claims__gte=max_claims)
    for item in held.filter(dead, spent)[:CHUNK]:
        _expire(item, now, "lease", f"no answer in {item.claims} claims by a worker")
    while count := free(dead & ~spent, now, most=CHUNK):
        tell(log, logging.WARNING, "leases_freed", comparisons=count)


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


def fail_outages(now: datetime) -> None:
    """What waits for a judge that has not served anybody for OUTAGE_TOLERANCE fails with its error,
    so that the batch ends and says why.

    What came later waits as long by itself: meanwhile a probe may find the judge at work again.
    """
    tolerance = timedelta(seconds=get_settings().OUTAGE_TOLERANCE_SECONDS)
    for outage in gates.outages(now, tolerance):
        failure = Failure(outage.error_type, outage.message, outage=True)
        waiting = QueueItem.objects.filter(
            status=QueueItem.Status.QUEUED,
            provider=outage.provider,
            model=outage.model,
            bundle__route=Bundle.Route.LIVE,
            enqueued_at__lte=max(outage.since + tolerance, now - tolerance),
        ).select_related("bundle")
        failed = 0
        while some := list(waiting.order_by("pk")[:CHUNK]):
            ended = [one for one in some if _end(one, QueueItem.Status.FAILED, failure, now)]
            for bundle_id, on_results in {(one.bundle_id, one.bundle.on_results) for one in ended}:
                messages.deliver(bundle_id, on_results)
            failed += len(ended)
        if failed:
            tell(
                log,
                logging.WARNING,
                "failed_by_outage",
                comparisons=failed,
                provider=outage.provider,
                model=outage.model,
                since=outage.since.isoformat(timespec="seconds"),
                error=outage.error_type,
            )


def _expire(item: QueueItem, now: datetime, reason: str, message: str) -> None:
    if _end(item, QueueItem.Status.EXPIRED, Failure(ErrorType.EXPIRED, message), now):
        tallies.expired(item, reason, now)
        with batch_context(item.batch_key):
            tell(
                log,
                logging.WARNING,
                "comparison_expired",
                comparison=item.correlation_id,
                batch=item.batch_key,
                bundle=item.bundle_id,
                queue_mode=item.queue_mode,
                provider=item.provider,
                model=item.model,
                reason=reason,
                age_seconds=round((now - item.enqueued_at).total_seconds()),
            )


def _end(item: QueueItem, status: str, failure: Failure, now: datetime) -> bool:
    """False where somebody else has changed the item meanwhile."""
    unchanged = QueueItem.objects.filter(pk=item.pk, status=item.status)
    return bool(
        unchanged.update(
            status=status,
            error=error_detail(item, failure, now),
            provider_metadata=provider_metadata(item, None, ""),
            finished_at=now,
            lease_token=None,
            lease_expires_at=None,
        )
    )


def mend_hints() -> None:
    """Make `Bundle.waiting` say again what the items say, where a crash or an end came between."""
    queued = QueueItem.objects.filter(
        status=QueueItem.Status.QUEUED, bundle__route=Bundle.Route.LIVE
    )
    overlooked = set(
        queued.filter(bundle__waiting=False).values_list("bundle_id", flat=True)[:CHUNK]
    )
    if overlooked:
        _set_waiting(Bundle.objects.filter(pk__in=overlooked), True)
    empty = Bundle.objects.filter(~Exists(queued.filter(bundle=OuterRef("pk"))), waiting=True)
    if done := list(empty.values_list("pk", flat=True)[:CHUNK]):
        _set_waiting(empty.filter(pk__in=done), False)


def _set_waiting(bundles: QuerySet[Bundle], waiting: bool) -> None:
    with transaction.atomic():
        # By key, as everybody locks them.
        list(bundles.select_for_update(no_key=True).order_by("pk").values_list("pk"))
        bundles.update(waiting=waiting)


def announce_due(now: datetime, closed: Container[Lane]) -> None:
    """A ticket for every bundle that waited so long for its time that none was kept for it."""
    late = Bundle.objects.filter(
        waiting=True, not_before__lte=now, announced_at__lt=F("not_before")
    ).order_by("not_before")
    for bundle in late[:CHUNK]:
        if (bundle.provider, bundle.model) not in closed:
            _announce(bundle, now, goes_on=False)


def announce_lost(
    now: datetime, patience: timedelta, closed: Container[Lane], *, lone_process: bool
) -> None:
    """A few new tickets for every judge that has work, is free, and has long had no call.

    A call under way has a ticket, however long it takes. Any ticket works any bundle, so a long
    backlog is no sign that tickets were lost: silence is. These go on until nothing is left, so a
    few are enough.

    `lone_process`: the tickets that would come back for a closed judge, or for a bundle that is due
    soon, are lost as well; the new ones come back in their place.
    """
    lease = timedelta(seconds=get_settings().PROCESSING_LEASE_SECONDS)
    horizon = messages.SLOT if lone_process else timedelta(0)
    due = Bundle.objects.filter(waiting=True, not_before__lte=now + horizon)
    lanes = due.order_by().values_list("provider", "model").annotate(last=Max("announced_at"))
    for provider, model, last in lanes:
        calls = ProviderCall.objects.filter(provider=provider, model=model, job__isnull=True)
        at_work = Q(started_at__gt=now - patience) | Q(
            started_at__gt=now - lease, finished_at__isnull=True, error_type=""
        )
        alive = last > now - patience or calls.filter(at_work).exists()
        if not lone_process and (alive or (provider, model) in closed):
            continue
        silent = due.filter(provider=provider, model=model).exclude(announced_at=now)
        for bundle in silent.order_by("not_before")[:TICKETS]:
            _announce(bundle, now, goes_on=True)


def _announce(bundle: Bundle, now: datetime, *, goes_on: bool) -> None:
    with transaction.atomic():
        if _claim_announcement(bundle, now):
            transaction.on_commit(partial(messages.announce, bundle, goes_on=goes_on))


def deliver_lost(now: datetime, patience: timedelta) -> None:
    """Take home the outcomes that nobody has fetched."""
    stranded = (
        Bundle.objects.filter(
            job__isnull=True,
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
