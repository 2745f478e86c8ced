"""The money cap: checked before each call, with what calls under way may still cost."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from django.db.models import F, Q, Sum

from llmprovider.contracts import ErrorType
from llmprovider.models import BatchAccount, ProviderCall
from llmprovider.outcomes import Failure


class Leave(Enum):
    """Whether a batch may spend."""

    GRANTED = "granted"
    LATER = "later"  # it fits if the calls under way cost less than they may
    REFUSED = "refused"


def may_spend(account: BatchAccount, amount: Decimal | None) -> Leave:
    """Whether a call that costs at most `amount` keeps the batch's cap, whatever the others cost.

    The caller holds the account's lock and writes the call's reservation before giving it up.
    """
    if account.money_cap is None:
        return Leave.GRANTED
    return purse_of(account).take(amount)


@dataclass
class Purse:
    """What a batch may still spend, in USD; `cap` None: anything."""

    cap: Decimal | None
    spent: Decimal
    under_way: Decimal

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
    """What the batch may spend by now; the caller holds the account's lock."""
    if account.money_cap is None:
        return Purse(None, Decimal(0), Decimal(0))
    return Purse(account.money_cap, *commitments(account.batch_key))


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


def commitments(batch_key: str) -> tuple[Decimal, Decimal]:
    """USD of a batch: billed, or possibly billed and never to be known; and the most that the calls
    under way can cost."""
    under_way = Q(finished_at__isnull=True, error_type="")
    sums = ProviderCall.objects.filter(batch_key=batch_key).aggregate(
        all=Sum(F("cost_usd") + F("reserved_usd"), default=Decimal(0)),
        under_way=Sum("reserved_usd", filter=under_way, default=Decimal(0)),
    )
    return sums["all"] - sums["under_way"], sums["under_way"]
