"""What waits in the queue: the lines a worker may choose from, and when the next will be due."""

import random
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db.models import Min

from llmprovider.models import BatchAccount, Bundle
from llmprovider.queueing.lines import Line, in_turn

Lane = tuple[str, str]  # provider and model

# Bundles looked at, of each closed lane and of all others, to find out when something will be due.
LOOKED_AT = 50


def waiting_lines(now: datetime, closed: Collection[Lane]) -> list[Line]:
    """Lines with a bundle that is due and whose lane is not in `closed`; best first."""
    rows = [
        row
        for row in Bundle.objects.filter(waiting=True, not_before__lte=now)
        .order_by()
        .values_list("batch_key", "provider", "model", "priority")
        .annotate(due_since=Min("not_before"))
        if (row[1], row[2]) not in closed
    ]
    turns = dict(
        BatchAccount.objects.filter(batch_key__in={row[0] for row in rows}).values_list(
            "batch_key", "last_turn_at"
        )
    )
    return in_turn((Line(*row, turns.get(row[0])) for row in rows), now)


def next_due(now: datetime, closed: Mapping[Lane, datetime], horizon: timedelta) -> datetime | None:
    """When to look again: a moment within `horizon` at which some waiting bundle will be due.

    `now` where one is due: a place may have become free since the caller looked. Else one of
    the first at random, so that workers who find nothing do not all come back at once.
    """
    waiting = Bundle.objects.filter(waiting=True, not_before__lte=now + horizon)
    waiting = waiting.order_by("not_before")
    elsewhere, moments = waiting, []
    for (provider, model), until in closed.items():
        if until <= now:
            continue
        elsewhere = elsewhere.exclude(provider=provider, model=model)
        if until <= now + horizon:
            there = waiting.filter(provider=provider, model=model)[:LOOKED_AT]
            moments += [max(until, at) for at in there.values_list("not_before", flat=True)]
    moments += elsewhere.values_list("not_before", flat=True)[:LOOKED_AT]
    moments = sorted(moments)[:LOOKED_AT]
    if not moments:
        return None
    if moments[0] <= now:
        return now
    return random.choice(moments)  # noqa: S311 - spreads load, guards nothing
