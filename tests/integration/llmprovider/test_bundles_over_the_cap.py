"""A bundle dearer than what is left of the money cap: what fits of it is judged."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils import timezone

from llmprovider.calls.processing import process
from llmprovider.calls.turns import take_turn
from llmprovider.contracts import TokenUsage
from llmprovider.costs.estimates import cheapest_call
from llmprovider.models import Bundle, ProviderCall, QueueItem
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import (
    bundle_of,
    comparison,
    retry_at_once,
    statuses,
)

pytestmark = pytest.mark.django_db
PRICED = {"provider": "openai", "model": "gpt-4o"}


def costing(request, output: int):
    return replace(judges.well(request), usage=TokenUsage(input=400, output=output))


def turns(count: int = 20) -> None:
    for _ in range(count):
        Bundle.objects.update(not_before=timezone.now())  # what waits for others' bills is due
        take_turn()


def sizes() -> list[int]:
    return list(ProviderCall.objects.order_by("started_at").values_list("items_count", flat=True))


def spent() -> Decimal:
    return ProviderCall.objects.aggregate(total=Sum("cost_usd"))["total"] or Decimal(0)


def test_what_fits_is_judged_and_the_rest_withdrawn(monkeypatch) -> None:
    """Issue 5: the cap is kept, and used."""
    judges.put_in(monkeypatch, lambda request: costing(request, 1_700), provider="openai")
    bundle_of(10, money_cap="0.02", overrides=PRICED)
    turns()
    judged = sum(sizes())
    assert 1 <= judged < 10
    assert statuses() == ["cancelled"] * (10 - judged) + ["completed"] * judged
    assert Decimal("0.01") < spent() <= Decimal("0.02")


def test_what_the_first_part_cost_less_goes_to_the_rest(monkeypatch) -> None:
    """Reserved is the most that a call can cost; each comparison is asked once."""
    judge = judges.put_in(monkeypatch, lambda request: costing(request, 60), provider="openai")
    bundle_of(10, money_cap="0.02", overrides=PRICED)
    turns()
    assert statuses() == ["completed"] * 10
    assert len(judge.requests) == len(sizes()) > 1 and sum(sizes()) == 10
    assert set(QueueItem.objects.values_list("attempts", flat=True)) == {1}


def test_nothing_is_parted_while_a_call_under_way_holds_the_money(monkeypatch) -> None:
    """Its bill may leave room for more."""
    seen = []

    def step(request):
        if not seen:
            seen.append(take_turn())  # another worker
        return costing(request, 60)

    judges.put_in(monkeypatch, step, provider="openai")
    bundle = bundle_of(10, money_cap="0.02", overrides=PRICED)
    process(str(bundle.pk))
    (other,) = seen
    assert other.bundle is None and other.back_in is not None
    assert Bundle.objects.count() == 2


def test_a_bundle_that_fits_is_left_whole(monkeypatch) -> None:
    judges.put_in(monkeypatch, lambda request: costing(request, 60), provider="openai")
    bundle_of(10, money_cap="1", overrides=PRICED)
    turns(3)
    assert sizes() == [10] and Bundle.objects.count() == 1


def test_the_least_call_is_that_of_one_comparison(monkeypatch) -> None:
    """Under a cap below it nothing is judged, at it one comparison is."""
    retry_at_once(monkeypatch)
    judges.put_in(monkeypatch, lambda request: costing(request, 60), provider="openai")
    least = cheapest_call([comparison(number, overrides=PRICED) for number in range(4)])
    assert least is not None
    cap = Decimal(f"{least + Decimal('0.00005'):.4f}")
    bundle_of(4, money_cap=str(cap - Decimal("0.0002")), batch_key="too-little", overrides=PRICED)
    turns(2)
    assert sizes() == []
    bundle_of(4, money_cap=str(cap), overrides=PRICED)
    turns(1)
    assert sizes() == [1]
