"""The money cap of a batch: never exceeded, whatever is under way."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from llmprovider.calls.processing import process
from llmprovider.calls.turns import take_turn
from llmprovider.contracts import ErrorType, QueueMode, TokenUsage
from llmprovider.contracts import queue as judge_queue
from llmprovider.costs.budgets import commitments
from llmprovider.models import BatchAccount, Bundle, ProviderCall
from llmprovider.queueing.clean_up import clean_up
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import at_once, bundle_of, queued, statuses

PRICED = {"provider": "openai", "model": "gpt-4o"}
DEAR = TokenUsage(input=400, output=500)


def dear(request):
    """An answer that costs nearly as much as it may."""
    return replace(judges.well(request), usage=DEAR)


def singles(count: int, cap: str | None) -> list[Bundle]:
    return queued(count, money_cap=cap, queue_mode=QueueMode.PER_REQUEST, overrides=PRICED)


def spent() -> Decimal:
    return ProviderCall.objects.aggregate(total=Sum("cost_usd"))["total"] or Decimal(0)


@pytest.mark.django_db
def test_what_no_longer_fits_is_withdrawn_unsent(monkeypatch):
    judge = judges.put_in(monkeypatch, dear, provider="openai")
    bundles = singles(10, "0.03")
    for bundle in bundles:
        process(str(bundle.pk))
    assert 1 < len(judge.requests) < 10
    assert 0 < spent() <= Decimal("0.03")
    assert statuses() == ["cancelled"] * (10 - len(judge.requests)) + ["completed"] * len(
        judge.requests
    )
    (last,) = judge_queue.results_of(str(bundles[-1].pk))
    assert last.error_detail.code == "CANCELLED"
    assert "money cap" in last.error_detail.message


@pytest.mark.django_db(transaction=True)
def test_eight_workers_at_once_do_not_exceed_the_cap(monkeypatch):
    """The check counts what the calls under way may cost."""
    most = []

    def step(request):
        with transaction.atomic():  # with the account's lock, as when a call begins
            account = BatchAccount.objects.select_for_update().get()
            billed, under_way = commitments(account)
        most.append(billed + under_way)
        return dear(request)

    judges.put_in(monkeypatch, step, provider="openai")
    singles(24, "0.05")

    def run():
        for _ in range(6):
            take_turn()

    at_once(8, run)
    assert most
    assert max(most) <= Decimal("0.05")
    assert spent() <= Decimal("0.05")


@pytest.mark.django_db
def test_a_call_that_fits_once_others_are_billed_waits(monkeypatch):
    """Two calls that may cost too much together, of which the first costs half of what it may."""
    singles(2, "5")
    outcomes = []

    def step(request):
        if len(judge.requests) == 1:
            reserved = ProviderCall.objects.get().reserved_usd
            BatchAccount.objects.update(money_cap=reserved * Decimal("1.7"))
            outcomes.append(take_turn())  # another worker, while this call is under way
        return judges.well(request)

    judge = judges.put_in(monkeypatch, step, provider="openai")
    take_turn()
    (other,) = outcomes
    assert other.bundle is None
    assert other.back_in is not None
    Bundle.objects.update(not_before=timezone.now())
    take_turn()
    assert len(judge.requests) == 2
    assert statuses() == ["completed"] * 2


@pytest.mark.django_db
def test_a_lost_call_keeps_counting(monkeypatch):
    """Its bill is unknown: the worker died before it could be told."""

    def killed(request):
        raise KeyboardInterrupt

    judges.put_in(monkeypatch, killed, provider="openai")
    (bundle,) = singles(1, "1")
    with pytest.raises(KeyboardInterrupt):
        process(str(bundle.pk))
    call = ProviderCall.objects.get()
    assert call.reserved_usd > 0
    assert commitments(BatchAccount.objects.get()) == (0, call.reserved_usd)
    clean_up(timezone.now() + timedelta(seconds=601))
    assert commitments(BatchAccount.objects.get()) == (call.reserved_usd, 0)
    call.refresh_from_db()
    assert (call.finished_at, call.error_type) == (None, "timeout")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error_type", "unsent", "kept"),
    [
        (ErrorType.TIMEOUT, False, True),
        (ErrorType.CONNECTION, False, True),
        (ErrorType.CONNECTION, True, False),
        (ErrorType.INVALID_RESPONSE, False, True),
        (ErrorType.OVERLOADED, False, False),
    ],
)
def test_only_a_lost_answer_may_still_be_billed(monkeypatch, error_type, unsent, kept):
    judges.put_in(monkeypatch, judges.failing(error_type, unsent=unsent), provider="openai")
    process(str(bundle_of(2, overrides=PRICED).pk))
    assert (ProviderCall.objects.get().reserved_usd > 0) is kept


@pytest.mark.django_db
def test_an_answer_replaces_what_was_reserved(monkeypatch):
    judges.put_in(monkeypatch, dear, provider="openai")
    process(str(bundle_of(1, overrides=PRICED).pk))
    call = ProviderCall.objects.get()
    assert (call.reserved_usd, call.cost_usd > 0) == (0, True)


@pytest.mark.django_db
def test_a_cap_without_a_price_sends_nothing(monkeypatch):
    judge = judges.put_in(monkeypatch, provider="openai")
    unknown = {"provider": "openai", "model": "a-model-of-tomorrow"}
    process(str(bundle_of(1, money_cap="5", overrides=unknown).pk))
    assert judge.requests == []
    assert statuses() == ["cancelled"]


@pytest.mark.django_db
def test_the_cap_said_last_holds():
    bundle_of(1, money_cap="5", overrides=PRICED)
    bundle_of(1, money_cap="7", overrides=PRICED)
    bundle_of(1, overrides=PRICED)
    assert BatchAccount.objects.get().money_cap == 7
