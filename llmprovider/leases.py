"""Claims: which worker may work on which items, and until when."""

import uuid
from datetime import datetime, timedelta

from django.db.models import F

from llmprovider.conf import get_settings
from llmprovider.models import Bundle, QueueItem


def claim(bundle: Bundle, now: datetime) -> list[QueueItem]:
    """Lease every queued item of `bundle` to the caller; those another worker has are left out.

    One conditional UPDATE decides, so two workers never hold one item. Ordered by bundle_index.
    """
    token = uuid.uuid4()
    lease = timedelta(seconds=get_settings().PROCESSING_LEASE_SECONDS)
    claimed = QueueItem.objects.filter(
        bundle=bundle, status=QueueItem.Status.QUEUED, expires_at__gt=now
    ).update(
        status=QueueItem.Status.PROCESSING,
        lease_token=token,
        lease_expires_at=now + lease,
        claimed_at=now,
        claims=F("claims") + 1,
    )
    if not claimed:
        return []
    return list(
        QueueItem.objects.filter(lease_token=token, status=QueueItem.Status.PROCESSING)
        .select_related("first", "second")
        .order_by("bundle_index")
    )
