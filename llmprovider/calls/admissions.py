"""Beginning a call: may it be made, for which items, at what cost: in one transaction, unsent.

Locks are taken in one order, here and everywhere: account, bundle, instructions, gate, items (by
key).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from llmprovider import gates
from llmprovider.calls.outcomes import Failure, store_outcomes
from llmprovider.calls.prefixes import LOOK_AGAIN, is_being_written
from llmprovider.calls.requests import CallSize
from llmprovider.costs.affordable_parts import Part, affordable, part_off, whole
from llmprovider.costs.budgets import Leave, over_the_cap, purse_of
from llmprovider.models import BatchAccount, Bundle, ProviderCall, QueueItem
from llmprovider.providers.registry import is_mock
from llmprovider.queueing import messages
from llmprovider.queueing.leases import claim
from llmprovider.queueing.lines import Line
from llmprovider.queueing.places import LOOK_AGAIN as PLACES_AGAIN
from llmprovider.queueing.places import has_place

# Between two looks at whether calls under way have cost less than they might have.
SPENDING = timedelta(seconds=3)


@dataclass(frozen=True)
class Begun:
    """The call may be made: its items are leased to the caller and its row is written."""

    bundle: Bundle
    items: list[QueueItem]
    call: ProviderCall
    size: CallSize


@dataclass(frozen=True)
class Decided:
    """The bundle's items have ended without a call."""

    bundle: Bundle


@dataclass(frozen=True)
class Postponed:
    """Not before `until`. `by_judge`: for every batch alike, not for this one only."""

    bundle: Bundle
    until: datetime
    by_judge: bool


@dataclass(frozen=True)
class Overtaken:
    """Somebody else was there first: look at the queue again."""


Step = Begun | Decided | Postponed | Overtaken


class _NothingLeft(Exception):
    """Its items were taken back at the last moment: what was granted is given back."""


def begin(bundle_id: str) -> Step:
    """Begin the call of one bundle, if it is due and has queued items."""
    batch_key = Bundle.objects.values_list("batch_key", flat=True).get(pk=bundle_id)
    with transaction.atomic():
        account = _locked(batch_key)
        now = timezone.now()  # the lock may have kept us waiting
        return _begin(account, Bundle.objects.filter(pk=bundle_id, not_before__lte=now), now)


def begin_in_line(line: Line, *, give_way: bool) -> Step:
    """Begin the call of the first bundle of a line.

    `give_way`: other batches wait too, so if this one has had a turn meanwhile it is theirs.
    """
    with transaction.atomic():
        account = _locked(line.batch_key)
        now = timezone.now()  # the lock may have kept us waiting
        if give_way and account.last_turn_at != line.last_turn_at:
            return Overtaken()
        bundles = Bundle.objects.filter(
            waiting=True,
            batch_key=line.batch_key,
            provider=line.provider,
            model=line.model,
            priority=line.priority,
            not_before__lte=now,
        )
        return _begin(account, bundles.order_by("not_before", "created_at", "pk"), now)


def _locked(batch_key: str) -> BatchAccount:
    return BatchAccount.objects.select_for_update(no_key=True).get(pk=batch_key)


def _begin(account: BatchAccount, bundles: QuerySet[Bundle], now: datetime) -> Step:
    # A bundle that somebody is changing is not waited for.
    live = bundles.filter(route=Bundle.Route.LIVE)
    bundle = live.select_for_update(skip_locked=True, no_key=True).first()
    if bundle is None:
        return Overtaken()
    queued = QueueItem.objects.filter(
        bundle=bundle, status=QueueItem.Status.QUEUED, expires_at__gt=now
    )
    item_ids = list(queued.order_by("bundle_index").values_list("pk", flat=True))
    if not item_ids:
        _no_longer_waiting(bundle)
        return Overtaken()
    came = queued.aggregate(came=Min("enqueued_at"))["came"]
    refused = gates.refused_since(bundle.provider, bundle.model)
    if refused is not None and came <= refused[0]:
        why = refused[1]
        return _decide(account, bundle, Failure(why.error_type, why.message, outage=True), now)
    if not has_place((bundle.provider, bundle.model), now):
        return Postponed(bundle, now + PLACES_AGAIN, by_judge=True)
    part, leave = _affordable(account, bundle, item_ids)
    if leave is Leave.REFUSED:
        return _decide(account, bundle, over_the_cap(priced=part.cost is not None), now)
    if leave is Leave.LATER:
        return _postpone(bundle, SPENDING, now, by_judge=False)
    prefix = part.size.prefix
    if prefix is not None and is_being_written(prefix, bundle.instructions, now):
        return _postpone(bundle, LOOK_AGAIN, now, by_judge=False)
    try:
        with transaction.atomic():
            return _admit(account, bundle, part, item_ids[len(part.item_ids) :], came, now)
    except _NothingLeft:
        _no_longer_waiting(bundle)
        return Overtaken()


def _affordable(
    account: BatchAccount, bundle: Bundle, item_ids: Sequence[UUID]
) -> tuple[Part, Leave]:
    """What of the bundle its batch may pay for, and whether now."""
    purse = purse_of(account)
    part = whole(bundle, item_ids)
    leave = purse.take(part.cost)
    if leave is Leave.REFUSED and part.cost is not None and purse.left is not None:
        less = affordable(bundle, item_ids, purse.left)
        if less is not None:
            return less, purse.take(less.cost)
    return part, leave


def _admit(
    account: BatchAccount,
    bundle: Bundle,
    part: Part,
    rest: Sequence[UUID],
    came: datetime,
    now: datetime,
) -> Step:
    size = part.size
    need = gates.Need(size.most.input, size.most.output)
    admitted = gates.admit(bundle.provider, bundle.model, need, now, enqueued_at=came)
    if isinstance(admitted, gates.Wait):
        return _postpone(bundle, timedelta(seconds=admitted.seconds), now, by_judge=True)
    if isinstance(admitted, gates.Refusal):
        failure = Failure(admitted.error_type, admitted.message, outage=True)
        return _decide(account, bundle, failure, now)
    if rest:
        part_off(bundle, rest, now)
    items = claim(bundle, now)
    if not items:
        raise _NothingLeft
    _take_turn(account, bundle, now)
    free = is_mock(bundle.provider)
    call = ProviderCall.objects.create(
        bundle=bundle,
        batch_key=bundle.batch_key,
        provider=bundle.provider,
        model=bundle.model,
        mock=free,
        priced=free,
        items_count=len(items),
        attempt=max(item.attempts for item in items) + 1,
        prefix_sha256=size.prefix.sha256 if size.prefix else "",
        grant_id=admitted.grant_id,
        reserved_usd=part.cost or Decimal(0),
        started_at=now,
    )
    return Begun(bundle, items, call, size)


def _decide(account: BatchAccount, bundle: Bundle, failure: Failure, now: datetime) -> Step:
    """End every queued item of the bundle with `failure`, without a call."""
    items = claim(bundle, now)
    _take_turn(account, bundle, now)
    store_outcomes(items, {item.pk: failure for item in items}, call=None)
    return Decided(bundle)


def _take_turn(account: BatchAccount, bundle: Bundle, now: datetime) -> None:
    account.last_turn_at = now
    account.save(update_fields=["last_turn_at"])
    _no_longer_waiting(bundle)


def _no_longer_waiting(bundle: Bundle) -> None:
    Bundle.objects.filter(pk=bundle.pk).update(waiting=False)


def _postpone(bundle: Bundle, wait: timedelta, now: datetime, *, by_judge: bool) -> Postponed:
    # Not everybody at the same moment.
    until = now + wait * random.uniform(1.0, 1.1)  # noqa: S311 - spreads load, guards nothing
    stamps = {"not_before": until}
    if until - now <= messages.SLOT:
        stamps["announced_at"] = until  # the message that found this comes back then
    Bundle.objects.filter(pk=bundle.pk).update(**stamps)
    return Postponed(bundle, until, by_judge)
