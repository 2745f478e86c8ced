"""Costs and tokens: what the comparisons were charged is what their calls cost, to the unit."""

from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import add

from django.db import transaction
from django.db.models import (
    Count,
    F,
    FloatField,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from llmprovider.contracts.findings import Check, Visit, keys
from llmprovider.costs.pricing import COST_UNIT
from llmprovider.models import BatchAccount, ProviderCall, QueueItem

# SQLite sums money as floating point numbers.
HALF_A_UNIT = float(COST_UNIT) / 2

# Asked once and answered: the whole charge of such a comparison comes from its one call.
_ONCE = Q(items__attempts=1)


def _in_batch(key: str) -> Q:
    return Q(batch_key=key)


def _in_account(key: str) -> Q:
    return Q(pk=key)


def _whole_calls() -> QuerySet:
    """Calls all of whose comparisons were asked in no other; {mine: how many these are}."""
    finished = ProviderCall.objects.filter(finished_at__isnull=False)
    counted = finished.annotate(mine=Count("items", filter=_ONCE))
    return counted.filter(mine=F("items_count")).order_by("pk")


def _off(name: str) -> Q:
    return Q(**{f"{name}__gt": HALF_A_UNIT}) | Q(**{f"{name}__lt": -HALF_A_UNIT})


def uneven_costs(now: datetime) -> QuerySet:
    gap = Cast(Sum("items__cost_usd", filter=_ONCE), FloatField()) - Cast("cost_usd", FloatField())
    return _whole_calls().annotate(gap=gap).filter(_off("gap")).values_list("pk", flat=True)


def uneven_tokens(now: datetime) -> QuerySet:
    def charged(kind: str) -> Coalesce:
        tokens = Cast(KeyTextTransform(kind, "items__usage"), IntegerField())
        return Coalesce(Sum(tokens, filter=_ONCE), 0)

    calls = _whole_calls().annotate(charged_in=charged("input"), charged_out=charged("output"))
    even = Q(charged_in=F("input_tokens"), charged_out=F("output_tokens"))
    return calls.exclude(even).values_list("pk", flat=True)


def _sum_of(rows: QuerySet, *of: str) -> Coalesce:
    """USD of an account's rows, as a floating point number. `of`: which columns, added up."""
    by_key = rows.filter(batch_key=OuterRef("pk")).order_by().values("batch_key")
    columns = reduce(add, map(F, of or ["cost_usd"]))
    total = by_key.annotate(usd=Cast(Sum(columns), FloatField())).values("usd")
    return Coalesce(Subquery(total), 0.0, output_field=FloatField())


def charged_too_much(now: datetime) -> QuerySet:
    gap = _sum_of(QueueItem.objects.all()) - _sum_of(ProviderCall.objects.all())
    dear = BatchAccount.objects.annotate(gap=gap).filter(gap__gt=HALF_A_UNIT)
    return dear.order_by("pk").values_list("pk", flat=True)


def wrong_sums(now: datetime) -> QuerySet:
    held = _sum_of(ProviderCall.objects.filter(in_account=True), "cost_usd", "reserved_usd")
    accounts = BatchAccount.objects.annotate(gap=held - Cast("settled_usd", FloatField()))
    return accounts.filter(_off("gap")).order_by("pk").values_list("pk", flat=True)


def add_up_again(visit: Visit) -> None:
    """Under the lock of the account, which everybody spends under."""
    for batch_key in keys(wrong_sums(visit.now), visit, _in_account):
        with transaction.atomic():
            BatchAccount.objects.select_for_update(no_key=True).get(pk=batch_key)
            calls = ProviderCall.objects.filter(batch_key=batch_key, in_account=True)
            total = calls.aggregate(usd=Sum(F("cost_usd") + F("reserved_usd"), default=Decimal(0)))
            BatchAccount.objects.filter(pk=batch_key).update(
                settled_usd=total["usd"].quantize(COST_UNIT)
            )


def over_the_cap(now: datetime) -> QuerySet:
    capped = BatchAccount.objects.filter(money_cap__isnull=False)
    over = _sum_of(ProviderCall.objects.all()) - Cast("money_cap", FloatField())
    spent = capped.annotate(over=over).filter(over__gt=HALF_A_UNIT)
    return spent.order_by("pk").values_list("pk", flat=True)


CHECKS = (
    Check(
        code="cost_split_wrong",
        of="provider call",
        what="cost another sum than their comparisons were charged",
        remedy="trust the call's cost: it was computed from the provider's bill. Find out who "
        "wrote the comparisons' share",
        find=uneven_costs,
        in_batch=_in_batch,
    ),
    Check(
        code="token_split_wrong",
        of="provider call",
        what="used other numbers of tokens than their comparisons were charged",
        remedy="trust the call's numbers: they are the provider's",
        find=uneven_tokens,
        in_batch=_in_batch,
    ),
    Check(
        code="charged_too_much",
        of="account",
        what="comparisons were charged more than all calls of their batch cost",
        remedy="trust the calls: look for calls that were deleted",
        find=charged_too_much,
        in_batch=_in_account,
    ),
    Check(
        code="account_sum_wrong",
        of="account",
        what="keep another sum than that of the calls they hold, so that the money cap is kept at "
        "a wrong amount",
        remedy="adds the calls up again",
        find=wrong_sums,
        in_batch=_in_account,
        repair=add_up_again,
    ),
    Check(
        code="over_the_cap",
        of="account",
        what="calls cost more than the batch's money cap allows",
        remedy="compare with the provider's invoice: a call cost more than it could by its size "
        "and price. Lower the cap, or give the judge's price, before the next run",
        find=over_the_cap,
        in_batch=_in_account,
    ),
)
