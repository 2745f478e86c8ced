"""Tokens and money: every call's bill ends up on its comparisons, to the last unit."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db.models import Sum

from llmprovider.calls.processing import process
from llmprovider.contracts import TokenUsage, bills
from llmprovider.models import ProviderCall, QueueItem
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import (
    bundle_of,
    items,
    retry_at_once,
    statuses,
    work,
)

pytestmark = pytest.mark.django_db

PRICED = {"provider": "openai", "model": "gpt-4o"}
ODD = TokenUsage(input=1_003, output=101, cache_read=7, reasoning=5)


def priced(step=judges.well, usage=ODD):
    def priced_step(request):
        return replace(step(request), usage=usage)

    return priced_step


def test_the_parts_of_a_cost_sum_to_the_whole(monkeypatch):
    """T32"""
    judges.put_in(monkeypatch, priced(), provider="openai")
    process(str(bundle_of(7, overrides=PRICED).pk))
    call = ProviderCall.objects.get()
    assert call.cost_usd > 0
    assert sum((item.cost_usd for item in items()), Decimal(0)) == call.cost_usd


def test_the_parts_of_the_tokens_sum_to_the_whole(monkeypatch):
    """T32"""
    judges.put_in(monkeypatch, priced(), provider="openai")
    process(str(bundle_of(7, overrides=PRICED).pk))
    for kind, whole in ODD.model_dump().items():
        shares = [item.usage[kind] for item in items()]
        assert sum(shares) == whole
        assert max(shares) - min(shares) <= 1


def test_a_comparison_asked_twice_carries_both_bills(monkeypatch):
    """T14: its healthy neighbours carry one."""
    retry_at_once(monkeypatch)
    judges.put_in(monkeypatch, priced(judges.without(2)), priced(judges.well), provider="openai")
    bundle_of(3, overrides=PRICED)
    work()
    billed = ProviderCall.objects.aggregate(total=Sum("cost_usd"))["total"]
    assert QueueItem.objects.aggregate(total=Sum("cost_usd"))["total"] == billed
    twice = QueueItem.objects.get(attempts=2)
    assert twice.usage["output"] > ODD.output
    assert all(i.usage["output"] < ODD.output for i in items() if i.pk != twice.pk)


def test_a_comparison_that_fails_in_the_end_carries_its_bills(monkeypatch):
    retry_at_once(monkeypatch)
    judges.put_in(monkeypatch, priced(judges.saying("nothing of use")), provider="openai")
    bundle_of(1, overrides=PRICED)
    work()
    (item,) = items()
    assert (item.status, item.attempts) == ("failed", 4)
    assert item.usage["input"] == 4 * ODD.input
    assert item.cost_usd == bills.totals_of("batch-1")["cost_usd"] > 0


def test_a_paid_answer_is_kept_when_no_price_is_known_for_the_model(monkeypatch):
    """A vendor may answer with a model name that no price table has yet."""
    judges.put_in(
        monkeypatch,
        lambda request: judges.response(
            map(judges.entry, judges.asked(request)), model="a-model-of-tomorrow"
        ),
        provider="openai",
    )
    process(str(bundle_of(2, overrides=PRICED).pk))
    assert statuses() == ["completed"] * 2


def test_the_mock_costs_nothing_and_says_so(monkeypatch):
    judges.put_in(monkeypatch)
    process(str(bundle_of(2).pk))
    call = ProviderCall.objects.get()
    assert (call.cost_usd, call.mock) == (0, True)
