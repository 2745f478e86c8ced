"""Results of comparisons asked for over HTTP. They stay in the queue's rows, and are read there."""

from django.db import transaction
from django.utils import timezone

from llmprovider import tallies
from llmprovider.models import QueueItem
from llmprovider.parcels import items_of

KEEP_RESULTS = "llmprovider.keep_results"


def keep(parcel: str) -> None:
    """Acknowledge the finished comparisons of a parcel: nobody else has to be told.

    May run any number of times. Leaves alone what goes home by another task.
    """
    waiting = QueueItem.objects.filter(
        items_of(parcel),
        bundle__on_results=KEEP_RESULTS,
        finished_at__isnull=False,
        delivered_at__isnull=True,
    )
    with transaction.atomic():
        locked = waiting.select_for_update(no_key=True, of=("self",)).order_by("pk")
        tallies.delivered(list(locked.values_list("queue_mode", "status")))
        waiting.update(delivered_at=timezone.now())
