"""Batch jobs are counted when they are at the provider for certain, and when their row ends."""

from datetime import timedelta

import pytest
from django.utils import timezone

from llmprovider.contracts import ErrorType, queue
from llmprovider.jobs import collecting
from llmprovider.models import BatchJob
from llmprovider.providers.base import ProviderError
from tests.integration.jobs import scripted_vendors as vendors
from tests.integration.jobs.working import fetched, job_of, visit, work_jobs
from tests.integration.llmprovider.comparisons import set_queue
from tests.integration.metrics.accounts import assert_the_calls_agree, assert_the_jobs_agree
from tests.integration.metrics.meters import Meter

pytestmark = pytest.mark.django_db(transaction=True)

JOBS = "llm_provider_batch_api_jobs_total"
REQUESTS = "llm_provider_batch_api_requests_total"
TIMEOUT = ProviderError(ErrorType.TIMEOUT, "no answer")


@pytest.fixture
def vendor(monkeypatch):
    set_queue(monkeypatch, SUBMIT_SETTLE_SECONDS=0.0001)
    return vendors.put_in(monkeypatch)


def test_a_job_is_counted_at_both_ends_with_what_it_held_and_how_long(vendor):
    """T42; issue 6: job metrics by provider and model"""
    vendor.ends_at_once = False
    meter = Meter()
    job = job_of(5)
    visit(job)
    judge = ("anthropic", vendors.MODEL)
    assert meter.by(JOBS, "provider", "model", "status") == {(*judge, "submitted"): 1}
    assert meter.total("llm_provider_batch_api_items_per_job_sum") == 5
    submitted = job.submitted_at - timedelta(hours=3)
    BatchJob.objects.filter(pk=job.pk).update(submitted_at=submitted)
    vendor.finish()
    work_jobs()
    assert meter.by(JOBS, "status") == {("submitted",): 1, ("collected",): 1}
    assert 10_800 <= meter.total("llm_provider_batch_api_job_duration_seconds_sum") < 10_900
    assert_the_jobs_agree(meter)
    assert_the_calls_agree(meter)
    assert meter.total("llm_provider_http_calls_total") == 0, "its requests are no calls"


def test_each_request_of_a_job_is_counted_once_by_what_became_of_it(monkeypatch, vendor):
    """A process that dies in the middle reads the results again."""
    monkeypatch.setattr(collecting, "CHUNK", 2)
    vendor.ends_at_once = False
    job = job_of(7)
    visit(job)
    names = [line.custom_id for line in vendor.jobs[job.vendor_id].lines]
    kinds = {names[0]: ErrorType.OVERLOADED, names[1]: ErrorType.EXPIRED}

    def judge(line: vendors.Line) -> vendors.Outcome | None:
        if line.custom_id == names[2]:
            return None
        kind = kinds.get(line.custom_id)
        return vendors.failing(kind)(line) if kind else vendors.well(line)

    vendor.judge = judge
    vendor.finish()
    vendor.die_after_lines = 4
    meter = Meter()
    with pytest.raises(vendors.Killed):
        visit(job)
    work_jobs()
    assert meter.by(REQUESTS, "provider", "model", "outcome") == {
        ("anthropic", vendors.MODEL, "succeeded"): 4,
        ("anthropic", vendors.MODEL, "errored"): 1,
        ("anthropic", vendors.MODEL, "expired"): 1,
        ("anthropic", vendors.MODEL, "missing"): 1,
    }
    assert meter.total("llm_provider_http_calls_total") == 0


def test_a_job_that_never_arrived_is_lost_and_its_successor_submitted(vendor):
    vendor.fail("create", TIMEOUT)
    meter = Meter()
    visit(job_of(3))
    work_jobs()
    assert meter.by(JOBS, "status") == {("lost",): 1, ("submitted",): 1, ("collected",): 1}
    assert meter.total("llm_provider_errors_total") == 0, "what was not sent did not fail"
    assert_the_jobs_agree(meter)


def test_a_job_that_is_only_taken_for_ours_counts_once_it_is_proven(monkeypatch, vendor):
    vendor = vendors.put_in(monkeypatch, marks=False, takes_files=False)
    vendor.fail("created", TIMEOUT)
    vendor.ends_at_once = False
    meter = Meter()
    job = job_of(3)
    for _ in range(2):
        visit(job)
    assert job.status == BatchJob.Status.SUBMITTED and job.unproven
    assert meter.total(JOBS) == 0
    vendor.finish()
    work_jobs()
    assert meter.by(JOBS, "status") == {("submitted",): 1, ("collected",): 1}
    assert_the_jobs_agree(meter)


def test_a_job_taken_back_before_it_was_sent_is_cancelled(vendor):
    job_of(3)
    meter = Meter()
    queue.withdraw("batch-1")
    assert meter.by(JOBS, "status") == {("cancelled",): 1}
    assert meter.total("llm_provider_batch_api_job_duration_seconds_count") == 0
    assert meter.by("llm_provider_comparison_callbacks_total", "result") == {("cancelled",): 3}


def test_what_a_late_job_left_undone_expires_by_clean_up(monkeypatch, vendor):
    """T7; DESIGN 10: expiry_reason"""
    set_queue(monkeypatch, BATCH_JOB_FALLBACK_TO_LIVE="false")
    vendor.ends_at_once = False
    vendor.cancelled_after = 1
    job = job_of(3)
    visit(job)
    BatchJob.objects.filter(pk=job.pk).update(deadline_at=timezone.now() - timedelta(hours=1))
    meter = Meter()
    work_jobs()
    for _ in range(2):
        fetched()
    labels = ("provider", "queue_processing_mode", "expiry_reason")
    assert meter.by("llm_provider_queue_expiry_total", *labels) == {
        ("anthropic", "batch_api", "cleanup"): 2
    }
    assert meter.by("llm_provider_comparison_callbacks_total", "result") == {
        ("success",): 1,
        ("expired",): 2,
    }
