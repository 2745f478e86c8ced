"""Money: what a job can cost is set aside before it is sent, and its bill is at batch price."""

from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils import timezone

from llmprovider.contracts import ErrorType, queue
from llmprovider.jobs.sweeping import plan_waiting
from llmprovider.models import BatchAccount, BatchJob, ProviderCall
from tests.integration.jobs import scripted_vendors as vendors
from tests.integration.jobs.working import (
    fetched,
    item_statuses,
    job_of,
    once_each,
    visit,
    work_jobs,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vendor(monkeypatch):
    return vendors.put_in(monkeypatch)


def reserved() -> Decimal:
    return ProviderCall.objects.aggregate(sum=Sum("reserved_usd"))["sum"] or Decimal(0)


def test_a_job_under_way_holds_the_most_it_can_cost(vendor):
    vendor.ends_at_once = False
    visit(job_of(4))
    totals = queue.totals_of("batch-1")
    assert totals["unanswered_calls"] == 4 and totals["cost_usd"] == 0
    assert totals["reserved_usd"] == reserved() > Decimal(str(4 * vendors.PRICE))
    vendor.finish()
    work_jobs()
    assert reserved() == 0
    assert float(queue.totals_of("batch-1")["cost_usd"]) == pytest.approx(4 * vendors.PRICE)


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
        spent = queue.totals_of("batch-1")
        assert spent["cost_usd"] + spent["reserved_usd"] <= cap
        vendor.finish()
        visit(*BatchJob.objects.filter(status__in=BatchJob.OPEN))
        plan_waiting(timezone.now())
    assert set(item_statuses()) == {"completed"}
    assert len(vendor.jobs) > 2 and len(fetched()) == 20
    # Each was sent once only: an answer costs less than the most that it could.
    assert float(queue.totals_of("batch-1")["cost_usd"]) == pytest.approx(20 * vendors.PRICE)


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
    totals = queue.totals_of("batch-1")
    assert totals["unpriced_calls"] == 2 and totals["known_usd"] is None
