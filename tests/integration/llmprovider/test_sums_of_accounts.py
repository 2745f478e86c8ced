"""The account's sum of a batch: the rows' own, kept so that a check reads few of them."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import F, Sum
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from llmprovider.calls.admissions import Begun, begin
from llmprovider.calls.processing import carry_out
from llmprovider.checks.costs import wrong_sums
from llmprovider.costs.budgets import TAKEN_IN, Leave, commitments, purse_of
from llmprovider.models import BatchAccount, Bundle, ProviderCall
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import bundle_of

pytestmark = pytest.mark.django_db
BILL, LOST = Decimal("0.00012345"), Decimal("0.01")


def calls_of(bundle: Bundle, count: int, **fields: object) -> None:
    now = timezone.now()
    values = {"finished_at": now, "priced": True, "cost_usd": BILL, **fields}
    ProviderCall.objects.bulk_create(
        ProviderCall(
            bundle=bundle,
            batch_key=bundle.batch_key,
            provider=bundle.provider,
            model=bundle.model,
            items_count=1,
            attempt=1,
            started_at=now - timedelta(seconds=1),
            **values,
        )
        for _ in range(count)
    )


def checked(amount: str = "0.0001") -> Leave:
    """As when a call begins."""
    with transaction.atomic():
        return purse_of(BatchAccount.objects.select_for_update().get()).take(Decimal(amount))


def sum_of_rows() -> Decimal:
    rows = ProviderCall.objects.aggregate(sum=Sum(F("cost_usd") + F("reserved_usd")))["sum"]
    return (rows or Decimal(0)).quantize(BILL)


@pytest.fixture
def bundle() -> Bundle:
    """Of a batch with a cap, a long row of calls, some lost with their worker, one under way."""
    bundle = bundle_of(1, money_cap="5")
    calls_of(bundle, 1_234)
    calls_of(bundle, 3, cost_usd=0, reserved_usd=LOST)
    calls_of(bundle, 2, cost_usd=0, reserved_usd=LOST, finished_at=None, error_type="timeout")
    calls_of(bundle, 1, cost_usd=0, reserved_usd=LOST, finished_at=None)
    return bundle


def test_it_equals_the_rows_however_often_it_is_asked(bundle) -> None:
    before = commitments(BatchAccount.objects.get())
    for _ in range(3):
        assert checked() is Leave.GRANTED
        account = BatchAccount.objects.get()
        assert commitments(account) == pytest.approx(before)
        assert sum(commitments(account)) == pytest.approx(sum_of_rows())
        assert account.settled_usd > 0 and not wrong_sums(timezone.now())


def test_a_check_reads_few_rows_of_a_long_batch(bundle) -> None:
    checked()
    assert ProviderCall.objects.filter(in_account=False).count() < TAKEN_IN + 3
    calls_of(bundle, TAKEN_IN - 40)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        checked()
    changes = [one["sql"] for one in queries if one["sql"].startswith("UPDATE")]
    assert changes == []  # not for every call


def test_a_call_without_an_end_stays_outside(bundle) -> None:
    """Its worker may still be alive, and its answer change what it cost."""
    checked()
    outside = ProviderCall.objects.filter(finished_at__isnull=True)
    assert not outside.filter(in_account=True).exists()
    outside.update(finished_at=timezone.now(), reserved_usd=0, cost_usd=BILL)
    assert sum(commitments(BatchAccount.objects.get())) == pytest.approx(sum_of_rows())


def test_an_answer_that_is_stored_twice_is_in_the_sum_once(monkeypatch) -> None:
    """As where the database commits, and the connection breaks before it says so."""
    judges.put_in(monkeypatch, judges.well, judges.well)
    bundle = bundle_of(1, money_cap="5")
    begun = begin(str(bundle.pk))
    assert isinstance(begun, Begun)
    carry_out(begun)
    calls_of(bundle, TAKEN_IN)
    checked()
    assert ProviderCall.objects.get(pk=begun.call.pk).in_account
    carry_out(begun)
    assert ProviderCall.objects.get(pk=begun.call.pk).in_account
    assert sum(commitments(BatchAccount.objects.get())) == pytest.approx(sum_of_rows())


def test_what_fails_on_the_way_leaves_neither_sum_nor_marks(bundle) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        checked()
        raise ZeroDivisionError
    assert BatchAccount.objects.get().settled_usd == 0
    assert not ProviderCall.objects.filter(in_account=True).exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: BatchAccount.objects.update(settled_usd=F("settled_usd") + Decimal("0.01")),
        lambda: ProviderCall.objects.filter(in_account=True).update(cost_usd=BILL * 2),
    ],
)
def test_a_sum_that_is_not_that_of_its_rows_is_found(bundle, spoil: Callable[[], int]) -> None:
    checked()
    assert spoil()
    assert list(wrong_sums(timezone.now())) == [bundle.batch_key]


def test_a_cap_holds_over_the_sum_and_the_rest(bundle) -> None:
    checked()
    left = BatchAccount.objects.get().money_cap - sum_of_rows()
    assert checked(str(left)) is Leave.GRANTED
    assert checked(str(left + LOST)) is Leave.LATER
    assert checked(str(left + LOST + Decimal("0.00001"))) is Leave.REFUSED
