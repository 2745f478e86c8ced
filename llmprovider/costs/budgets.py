"""The money cap: checked before each call, with what calls under way may still cost."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final

from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from llmprovider.calls.outcomes import Failure
from llmprovider.contracts import ErrorType
from llmprovider.costs.pricing import COST_UNIT
from llmprovider.models import BatchAccount, ProviderCall

# Calls whose bill stands are taken into their account's sum so many at a time, and at most.
TAKEN_IN: Final = 100
CHUNK: Final = 500


class Leave(Enum):
    """Whether a batch may spend."""

    GRANTED = "granted"
    LATER = "later"  # it fits if the calls under way cost less than they may
    REFUSED = "refused"


@dataclass
class Purse:
    """What a batch may still spend, in USD; `cap` None: anything."""

    cap: Decimal | None
    spent: Decimal
    under_way: Decimal

    @property
    def left(self) -> Decimal | None:
        """What may be spent once all calls under way have cost nothing; None: anything."""
        return None if self.cap is None else self.cap - self.spent

    def take(self, amount: Decimal | None) -> Leave:
        """Whether a call that costs at most `amount` may be made; if so it is under way."""
        if self.cap is None:
            return Leave.GRANTED
        if amount is None:
            return Leave.REFUSED  # a cap cannot be kept at an unknown price
        if self.spent + amount > self.cap:
            return Leave.REFUSED
        if self.spent + self.under_way + amount > self.cap:
            return Leave.LATER
        self.under_way += amount
        return Leave.GRANTED


def purse_of(account: BatchAccount) -> Purse:
    """What the batch may spend by now.

    The caller holds the account's lock and writes what it takes into calls' rows before giving it
    up, so that the cap is kept whatever the others cost.
    """
    if account.money_cap is None:
        return Purse(None, Decimal(0), Decimal(0))
    purse = Purse(account.money_cap, *commitments(account))
    _take_in_settled(account)
    return purse


def over_the_cap(*, priced: bool) -> Failure:
    """Why a comparison was not sent."""
    if priced:
        return Failure(
            ErrorType.CANCELLED, "withdrawn: a further call could exceed the batch's money cap"
        )
    return Failure(
        ErrorType.CANCELLED,
        "withdrawn: no price is known for the model, so the batch's money cap could not be kept",
    )


_UNDER_WAY: Final = Q(finished_at__isnull=True, error_type="")


def with_commitments(accounts: QuerySet[BatchAccount]) -> QuerySet[BatchAccount]:
    """With `spent_usd`: billed, or possibly billed and never to be known; and `under_way_usd`: the
    most that the calls under way can cost. Both from one moment."""
    beside = ProviderCall.objects.filter(in_account=False)
    open_usd = _sum_of(beside.filter(_UNDER_WAY))
    return accounts.annotate(
        under_way_usd=open_usd, spent_usd=F("settled_usd") + _sum_of(beside) - open_usd
    )


def _sum_of(calls: QuerySet[ProviderCall]) -> Combinable:
    """Of an account's calls, billed and reserved."""
    sums = (
        calls.filter(batch_key=OuterRef("pk"))
        .order_by()
        .values("batch_key")
        .annotate(sum=Sum(F("cost_usd") + F("reserved_usd")))
        .values("sum")
    )
    money = DecimalField(max_digits=14, decimal_places=8)
    return Coalesce(Subquery(sums, output_field=money), Decimal(0), output_field=money)


def commitments(account: BatchAccount) -> tuple[Decimal, Decimal]:
    """The same two figures of one account whose lock the caller holds, in USD."""
    sums = ProviderCall.objects.filter(batch_key=account.pk, in_account=False).aggregate(
        all=Sum(F("cost_usd") + F("reserved_usd"), default=Decimal(0)),
        under_way=Sum("reserved_usd", filter=_UNDER_WAY, default=Decimal(0)),
    )
    # SQLite adds decimals as floats.
    beside, under_way = (sums[name].quantize(COST_UNIT) for name in ("all", "under_way"))
    return account.settled_usd + beside - under_way, under_way


def _take_in_settled(account: BatchAccount) -> None:
    """Add the calls whose bill stands to the account's sum, once there are many of them, so that no
    check adds up all calls of a long batch again. The caller holds the account's lock.

    A call that has finished never changes its cost. Sum and marks change in one transaction.
    """
    settled = ProviderCall.objects.filter(
        batch_key=account.pk, in_account=False, finished_at__isnull=False
    )
    while settled.count() >= TAKEN_IN:
        rows = list(settled.values_list("pk", "cost_usd", "reserved_usd")[:CHUNK])
        ProviderCall.objects.filter(pk__in=[pk for pk, _, _ in rows]).update(in_account=True)
        account.settled_usd += sum(cost + reserved for _, cost, reserved in rows)
        account.save(update_fields=["settled_usd"])
