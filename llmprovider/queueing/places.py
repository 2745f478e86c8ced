"""Places: how many calls one lane may have under way, so that a slow provider delays no other.

A worker that waits for a provider is taken. Nobody knows beforehand which provider will hang, or
who will ask next, so no lane may take the last workers: some are free whenever a lane comes.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from llmprovider import gates
from llmprovider.conf import get_settings
from llmprovider.models import ProviderCall
from llmprovider.queueing.picking import Lane
from llmprovider.queueing.shares import may_take_one

# Calls under way may end at any time.
LOOK_AGAIN: Final = timedelta(seconds=0.2)


def closed_until(now: datetime) -> dict[Lane, datetime]:
    """(provider, model) -> until when nobody need ask there: for its gate, or for its places.

    A hint for choosing work; `begin` decides.
    """
    return {**dict.fromkeys(_full(now), now + LOOK_AGAIN), **gates.closed_until(now)}


def has_place(lane: Lane, now: datetime) -> bool:
    """Whether one more call of this lane may be made now.

    Exact for the calls of one batch, whose account the caller has locked. Batches of one lane that
    begin in the same instant may each take a place too many, until those calls end.
    """
    return lane not in _full(now)


def _full(now: datetime) -> set[Lane]:
    """Lanes that hold their share. Calls past their lease have lost their worker."""
    settings = get_settings()
    lease = timedelta(seconds=settings.PROCESSING_LEASE_SECONDS)
    under_way = ProviderCall.objects.filter(
        finished_at__isnull=True, error_type="", job__isnull=True, started_at__gt=now - lease
    )
    held = Counter(under_way.values_list("provider", "model"))
    free = settings.PROVIDER_WORKERS - held.total()
    return {lane for lane, number in held.items() if not may_take_one(number, free)}
