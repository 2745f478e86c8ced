"""Cancelling a request: what no provider has seen is taken back."""

from django.db import transaction
from django.utils import timezone

from llmprovider.contracts import queue
from llmprovider.models import ComparisonSet, QueueItem


def cancel(comparison_set: ComparisonSet) -> bool:
    """False where every comparison has ended already. Cancelling twice changes nothing more."""
    with transaction.atomic():
        # The row's lock first, so that of two who cancel one goes after the other.
        locked = ComparisonSet.objects.select_for_update().get(pk=comparison_set.pk)
        open_items = QueueItem.objects.filter(batch_key=locked.batch_key, status__in=QueueItem.OPEN)
        if not open_items.exists():
            return locked.cancelled_at is not None
        queue.withdraw(locked.batch_key)
        if locked.cancelled_at is None:
            locked.cancelled_at = timezone.now()
            locked.save(update_fields=["cancelled_at"])
    return True
