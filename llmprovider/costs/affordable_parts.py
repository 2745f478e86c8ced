"""Bundles that a money cap lets be judged in part: what fits goes now, the rest in its turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.db import transaction

from llmprovider.calls.requests import CallSize, judge_of, size_of
from llmprovider.costs.calls import most_it_costs
from llmprovider.models import Bundle, QueueItem
from llmprovider.queueing import messages


@dataclass(frozen=True)
class Part:
    """What of a bundle goes into a call, with the size and the most that this can cost in USD."""

    item_ids: Sequence[UUID]
    size: CallSize
    cost: Decimal | None


def whole(bundle: Bundle, item_ids: Sequence[UUID]) -> Part:
    """All of these comparisons of the bundle in one call. `cost` None: no price is known."""
    size = size_of(bundle, item_ids)
    return Part(item_ids, size, most_it_costs(judge_of(bundle), size.most))


def affordable(bundle: Bundle, item_ids: Sequence[UUID], left: Decimal) -> Part | None:
    """As many of the first of these comparisons as cost at most `left`; None: not even one.

    More comparisons never cost less, so the number is found by halving.
    """
    best = None
    low, high = 1, len(item_ids) - 1
    while low <= high:
        count = (low + high) // 2
        part = whole(bundle, item_ids[:count])
        if part.cost is None:
            return None
        if part.cost <= left:
            best, low = part, count + 1
        else:
            high = count - 1
    return best


def part_off(bundle: Bundle, item_ids: Sequence[UUID], now: datetime) -> None:
    """Move queued comparisons into a bundle of their own, with a ticket, in one transaction.

    The caller holds the locks of account and bundle. A comparison that was taken back meanwhile
    stays where it is.
    """
    rest = bundle.followed_by(not_before=now, announced_at=now)
    queued = QueueItem.objects.filter(
        pk__in=item_ids, bundle=bundle, status=QueueItem.Status.QUEUED
    )
    list(queued.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))
    queued.update(bundle=rest)
    transaction.on_commit(partial(messages.announce, rest))
