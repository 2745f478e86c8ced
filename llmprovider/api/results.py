"""Results of comparisons asked for over HTTP. They stay in the queue's rows, and are read there."""

from typing import Final

from django.db import transaction
from django.utils import timezone

from llmprovider import tallies
from llmprovider.models import QueueItem
from llmprovider.queueing.parcels import items_of

KEEP_RESULTS = "llmprovider.keep_results"
# Rows named in one query.
CHUNK: Final = 500


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
        found = list(locked.values_list("pk", "queue_mode", "status"))
        tallies.delivered([(mode, status) for _, mode, status in found])
        # By key: what has ended since is neither locked nor counted, and is left for the next time.
        keys, now = [one[0] for one in found], timezone.now()
        for start in range(0, len(keys), CHUNK):
            QueueItem.objects.filter(pk__in=keys[start : start + CHUNK]).update(delivered_at=now)
