"""Money: what a job can cost is set aside before it is sent, and its bill is at batch price."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils import timezone

from llmprovider.contracts import ErrorType, bills
from llmprovider.jobs.sweeping import last_submission, plan_waiting
from llmprovider.models import BatchAccount, BatchJob, Bundle, ProviderCall
from tests.integration.jobs import scripted_vendors as vendors
from tests.integration.jobs.working import (
    fetched,
    item_statuses,
    job_of,
    jobs,
    once_each,
    submitted,
    visit,
    work_jobs,
)
from tests.integration.llmprovider.comparisons import set_queue

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vendor(monkeypatch):
    return vendors.put_in(monkeypatch)


def reserved() -> Decimal:
    return ProviderCall.objects.aggregate(sum=Sum("reserved_usd"))["sum"] or Decimal(0)


PRICED = {"price": {"input_per_million": "2", "output_per_million": "10"}}


@pytest.mark.parametrize("model", [vendors.MODEL, "claude-from-a-gateway"])
def test_a_given_price_is_kept_by_cap_and_bill_at_half_in_a_job(vendor, model):
    """DESIGN, section 5: a model without a known price needs one given."""
    visit(job_of(4, money_cap=Decimal("0.5"), overrides={"model": model, **PRICED}))
    found = set(ProviderCall.objects.values_list("cost_usd", "priced"))
    # Half of 1,000 tokens in at 2, and 100 out at 10 USD per million.
    assert found == {(Decimal("0.0015"), True)}
    assert once_each(fetched()) and item_statuses() == ["completed"] * 4
    assert bills.totals_of("batch-1")["cost_usd"] == Decimal("0.006")


def test_a_job_at_an_unknown_price_is_no_job_under_a_cap(vendor):
    job_of(2, money_cap=Decimal(5), overrides={"model": "claude-from-a-gateway"})
    work_jobs()
    assert "create" not in vendor.calls and item_statuses() == ["cancelled"] * 2
    assert "no price is known" in fetched()[0].error_detail.message


def test_a_job_under_way_holds_the_most_it_can_cost(vendor):
    vendor.ends_at_once = False
    visit(job_of(4))
    totals = bills.totals_of("batch-1")
    assert totals["unanswered_calls"] == 4 and totals["cost_usd"] == 0
    assert totals["reserved_usd"] == reserved() > Decimal(str(4 * vendors.PRICE))
    vendor.finish()
    work_jobs()
    assert reserved() == 0
    assert float(bills.totals_of("batch-1")["cost_usd"]) == pytest.approx(4 * vendors.PRICE)


def test_a_cap_below_one_request_sends_nothing(vendor):
    job = job_of(3, money_cap="0.0001")
    visit(job)
    assert job.status == BatchJob.Status.CANCELLED and vendor.jobs == {}
    results = fetched()
    assert once_each(results) and item_statuses() == ["cancelled"] * 3
    assert {one.error_detail.error_type for one in results} == {ErrorType.CANCELLED}


def test_what_fits_once_the_first_is_billed_goes_into_a_further_job(vendor):
    """The cap holds for the most that a job can cost, and is used for what it does cost."""
    probe = job_of(1, batch_key="probe")
    vendor.ends_at_once = False
    visit(probe)
    most = reserved()
    vendor.finish()
    work_jobs()
    fetched()
    cap = most * 12
    job = job_of(20, money_cap=str(cap))
    visit(job)
    assert 10 <= job.requests <= 12 and item_statuses().count("queued") == 20 - job.requests
    for _ in range(20):
        spent = bills.totals_of("batch-1")
        assert spent["cost_usd"] + spent["reserved_usd"] <= cap
        vendor.finish()
        visit(*BatchJob.objects.filter(status__in=BatchJob.OPEN))
        plan_waiting(timezone.now())
    assert set(item_statuses()) == {"completed"}
    assert len(vendor.jobs) > 2 and len(fetched()) == 20
    # Each was sent once only: an answer costs less than the most that it could.
    assert float(bills.totals_of("batch-1")["cost_usd"]) == pytest.approx(20 * vendors.PRICE)


def test_what_the_cap_kept_out_of_a_nightly_job_does_not_wait_another_night(vendor, monkeypatch):
    """It follows as soon as the first job's bill is known."""
    set_queue(monkeypatch, BATCH_API_MODE="nightly")
    submitted(20, money_cap="0.03")
    now = timezone.now()
    Bundle.objects.update(created_at=last_submission(now) - timedelta(hours=2))
    plan_waiting(now)
    (first,) = jobs()
    vendor.ends_at_once = False
    visit(first)
    assert 0 < first.requests < 20 and "queued" in item_statuses()
    plan_waiting(now)
    assert jobs() == [first]
    vendor.finish()
    visit(first)
    plan_waiting(now)
    second = BatchJob.objects.exclude(pk=first.pk).get()
    assert second.requests == 20 - first.requests


def test_the_cap_of_one_batch_is_not_the_other_s(vendor, monkeypatch):
    job = job_of(2, money_cap="0.0001")
    other = job_of(2, batch_key="batch-2")
    BatchAccount.objects.filter(pk="batch-2").update(money_cap=None)
    visit(job, other)
    assert other.succeeded == 2 and item_statuses() == ["cancelled"] * 2 + ["completed"] * 2


def test_a_model_without_a_known_price_is_not_sent_under_a_cap(vendor):
    job = job_of(2, money_cap="5", overrides={"model": "claude-unheard-of"})
    visit(job)
    assert vendor.jobs == {} and item_statuses() == ["cancelled"] * 2


def test_without_a_cap_its_cost_is_unknown_and_not_nothing(vendor):
    vendor.judge = lambda line: vendors.replace(vendors.well(line), model="")
    visit(job_of(2, overrides={"model": "claude-unheard-of"}))
    totals = bills.totals_of("batch-1")
    assert totals["unpriced_calls"] == 2 and totals["known_usd"] is None
