"""Cancelling jobs, and jobs past their deadline: what was finished is kept, the rest goes on."""

from datetime import timedelta

import pytest
from django.utils import timezone

from llmprovider.contracts import ErrorType, queue
from llmprovider.models import BatchJob, ProviderCall, QueueItem
from llmprovider.providers.base import ProviderError
from llmprovider.queueing.clean_up import expire_queued
from tests.integration.jobs import scripted_vendors as vendors
from tests.integration.jobs.working import (
    fetched,
    item_statuses,
    job_of,
    jobs,
    once_each,
    restart,
    submitted,
    visit,
    work_jobs,
)
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import set_queue, work

pytestmark = pytest.mark.django_db(transaction=True)

LATE = timedelta(hours=26)


@pytest.fixture
def live(monkeypatch):
    return judges.put_in(monkeypatch, judges.well, provider="anthropic")


@pytest.fixture
def vendor(monkeypatch, live):
    vendor = vendors.put_in(monkeypatch)
    vendor.ends_at_once = False
    return vendor


def past_its_deadline(job: BatchJob, by: timedelta = timedelta(hours=1)) -> None:
    BatchJob.objects.filter(pk=job.pk).update(deadline_at=timezone.now() - by)


def test_what_was_not_sent_is_taken_back_whole(vendor):
    job = job_of(4)
    assert len(queue.withdraw("batch-1")) == 4
    visit(job)
    assert job.status == BatchJob.Status.CANCELLED and vendor.jobs == vendor.files == {}
    assert item_statuses() == ["cancelled"] * 4


def test_a_job_taken_back_while_its_file_is_written_is_not_sent(vendor):
    job = job_of(4)
    vendor.fail("upload", vendors.Killed())
    with pytest.raises(vendors.Killed):
        visit(job)
    assert len(queue.withdraw("batch-1")) == 4
    restart()
    work_jobs()
    assert vendor.jobs == {} and jobs()[0].status == BatchJob.Status.CANCELLED
    assert item_statuses() == ["cancelled"] * 4
    assert not ProviderCall.objects.filter(reserved_usd__gt=0).exists()


def test_a_cancelled_job_ends_at_the_provider_and_keeps_what_was_finished(vendor):
    """T21"""
    vendor.cancelled_after = 2
    job = job_of(5)
    visit(job)
    assert queue.withdraw("batch-1") == set()
    visit(job)
    assert vendor.calls.count("cancel") == 1
    assert job.status == BatchJob.Status.COLLECTED and (job.succeeded, job.cancelled) == (2, 3)
    assert item_statuses() == ["cancelled"] * 3 + ["completed"] * 2
    assert float(job.cost_usd) == pytest.approx(2 * vendors.PRICE)
    assert once_each(fetched())


def test_a_cancel_that_fails_is_repeated(vendor):
    job = job_of(2)
    visit(job)
    queue.withdraw("batch-1")
    vendor.fail("cancel", ProviderError(ErrorType.CONNECTION, "away"))
    visit(job)
    assert job.status == BatchJob.Status.SUBMITTED and job.cancel_sent_at is None
    visit(job)
    assert job.status == BatchJob.Status.COLLECTED


def test_a_job_that_holds_another_batch_goes_on(vendor, monkeypatch):
    set_queue(monkeypatch, BATCH_API_MODE="nightly")
    submitted(2)
    submitted(3, batch_key="batch-2")
    set_queue(monkeypatch, BATCH_API_MODE="opportunistic")
    restart()
    (job,) = jobs()
    visit(job)
    queue.withdraw("batch-1")
    visit(job)
    assert vendor.calls.count("cancel") == 0
    vendor.finish()
    visit(job)
    by_batch = {one["comparisons"] for key in ("batch-1", "batch-2") for one in queue.jobs_of(key)}
    assert by_batch == {2, 3}
    assert once_each(fetched())  # the caller keeps what comes late as late
    assert float(queue.jobs_of("batch-2")[0]["cost_usd"]) == pytest.approx(3 * vendors.PRICE)


def test_past_its_deadline_a_job_is_cancelled_and_the_rest_judged_live(vendor, live):
    """T21"""
    vendor.cancelled_after = 2
    job = job_of(5)
    visit(job)
    past_its_deadline(job)
    visit(job)
    assert vendor.calls.count("cancel") == 1 and job.status == BatchJob.Status.COLLECTED
    work()
    assert live.sizes == [1, 1, 1] and item_statuses() == ["completed"] * 5
    assert once_each(fetched())


def test_the_rest_is_judged_though_the_job_took_all_the_time_that_it_had(vendor, live):
    """Gathered for a day and a day in a job: what falls back has as long as what comes live."""
    job = job_of(5)
    visit(job)
    past_its_deadline(job)
    QueueItem.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    visit(job)
    expire_queued(timezone.now())
    work()
    assert item_statuses() == ["completed"] * 5 and once_each(fetched())


def test_without_the_fallback_the_rest_expires(vendor, live, monkeypatch):
    set_queue(monkeypatch, BATCH_JOB_FALLBACK_TO_LIVE="false")
    vendor.cancelled_after = 2
    job = job_of(5)
    visit(job)
    past_its_deadline(job)
    visit(job)
    assert item_statuses() == ["completed"] * 2 + ["expired"] * 3
    errors = [one.error_detail for one in fetched() if one.error_detail]
    assert {one.error_type for one in errors} == {ErrorType.EXPIRED}
    assert not any(one.retryable for one in errors) and live.requests == []


@pytest.mark.parametrize(("fallback", "ends"), [("true", "completed"), ("false", "expired")])
def test_a_job_that_could_never_be_sent_ends_at_its_deadline(
    vendor, live, monkeypatch, fallback, ends
):
    set_queue(monkeypatch, BATCH_JOB_FALLBACK_TO_LIVE=fallback)
    job = job_of(2)
    vendor.fail("create", ProviderError(ErrorType.RATE_LIMIT, "full"))
    visit(job)
    past_its_deadline(job)
    visit(job)
    assert job.status == BatchJob.Status.CANCELLED and vendor.jobs == {}
    work()
    assert item_statuses() == [ends] * 2 and once_each(fetched())


def test_a_job_that_nobody_can_read_is_given_up_and_not_bought_again(vendor, live):
    job = job_of(3)
    visit(job)
    past_its_deadline(job, LATE)
    vendor.fail("cancel", ProviderError(ErrorType.AUTHENTICATION, "no key", outage=True))
    visit(job)
    visit(job)
    assert job.status == BatchJob.Status.FAILED and job.given_up
    work()
    results = fetched()
    assert once_each(results) and live.requests == []
    assert {one.error_detail.error_type for one in results} == {ErrorType.EXPIRED}
    # It may be billed all the same, so it counts against the cap.
    assert ProviderCall.objects.filter(reserved_usd__gt=0).count() == 3


def test_leases_and_times_to_live_leave_a_job_s_comparisons_alone(vendor):
    """Nobody may buy again what is at the provider, however long it takes."""
    job = job_of(2)
    visit(job)
    long_ago = timezone.now() - timedelta(days=3)
    QueueItem.objects.update(expires_at=long_ago, claimed_at=long_ago, enqueued_at=long_ago)
    ProviderCall.objects.update(started_at=long_ago)
    queue.recover_lone_process(timezone.now())
    assert item_statuses() == ["submitted"] * 2
    assert not ProviderCall.objects.exclude(error_type="").exists()
    vendor.finish()
    work_jobs()
    assert once_each(fetched())
