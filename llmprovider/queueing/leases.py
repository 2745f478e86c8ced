"""Leases: which worker may work on which items, and until when; taken, handed back, or run out."""

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from llmprovider import tallies
from llmprovider.conf import get_settings
from llmprovider.contracts import ErrorType
from llmprovider.models import Bundle, ProviderCall, QueueItem


def claim(bundle: Bundle, now: datetime) -> list[QueueItem]:
    """Lease every queued item of `bundle` to the caller; those another worker has are left out.

    One conditional UPDATE decides, so two workers never hold one item. Ordered by bundle_index.
    """
    token = uuid.uuid4()
    lease = timedelta(seconds=get_settings().PROCESSING_LEASE_SECONDS)
    queued = QueueItem.objects.filter(
        bundle=bundle, status=QueueItem.Status.QUEUED, expires_at__gt=now
    )
    with transaction.atomic():
        # By key, as everybody locks them; a row that somebody is changing is not waited for.
        free = list(
            queued.select_for_update(skip_locked=True, no_key=True)
            .order_by("pk")
            .values_list("pk", "queue_mode", "enqueued_at", "claimed_at")
        )
        claimed = queued.filter(pk__in=[row[0] for row in free]).update(
            status=QueueItem.Status.PROCESSING,
            lease_token=token,
            lease_expires_at=now + lease,
            claimed_at=now,
            claims=F("claims") + 1,
        )
        tallies.claimed([(mode, came) for _, mode, came, before in free if before is None], now)
    if not claimed:
        return []
    return list(
        QueueItem.objects.filter(lease_token=token, status=QueueItem.Status.PROCESSING)
        .select_related("first", "second")
        .order_by("bundle_index")
    )


def end_leases(items: Sequence[QueueItem], now: datetime) -> None:
    """End the caller's leases at once, for the next clean-up to see to."""
    QueueItem.objects.filter(
        pk__in=[item.pk for item in items],
        status=QueueItem.Status.PROCESSING,
        lease_token=items[0].lease_token,
    ).update(lease_expires_at=now)


def free(dead: Q, now: datetime, *, most: int) -> int:
    """Queue up to `most` leased items again, in their bundles, to be worked at once; how many."""
    held = QueueItem.objects.filter(dead, status=QueueItem.Status.PROCESSING)
    with transaction.atomic():
        chosen = dict(held.values_list("pk", "bundle_id")[:most])
        bundles = Bundle.objects.filter(pk__in=set(chosen.values()))
        list(bundles.select_for_update(no_key=True).order_by("pk").values_list("pk"))
        bundles.update(waiting=True, not_before=now)
        still = held.filter(pk__in=chosen)
        locked = still.select_for_update(no_key=True).order_by("pk")
        for judge, many in Counter(locked.values_list("provider", "model")).items():
            tallies.retried(*judge, [ErrorType.TIMEOUT] * many)
        return still.update(status=QueueItem.Status.QUEUED, lease_token=None, lease_expires_at=None)


def give_up_calls(now: datetime, *, every: bool) -> None:
    """Note on calls without an answer past their lease that none will come.

    What they may have cost stays reserved: nobody here can know their bill. Those that are part of
    a batch job are the job's affair.
    """
    silent = ProviderCall.objects.filter(finished_at__isnull=True, error_type="", job__isnull=True)
    if not every:
        lease = timedelta(seconds=get_settings().PROCESSING_LEASE_SECONDS)
        silent = silent.filter(started_at__lt=now - lease)
    with transaction.atomic():
        lost = list(
            silent.select_for_update(no_key=True, of=("self",))
            .order_by("pk")
            .select_related("bundle")
        )
        for call in lost:
            call.error_type = ErrorType.TIMEOUT
            call.error_message = "never answered: its worker was lost"
            tallies.call_ended(call, call.bundle.queue_mode)
        ProviderCall.objects.bulk_update(lost, ["error_type", "error_message"], batch_size=500)
