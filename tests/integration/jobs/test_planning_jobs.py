"""How comparisons become jobs: by model, within the vendors' limits, at once or at night."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from llmprovider.calls.processing import process
from llmprovider.calls.turns import take_turn
from llmprovider.conf import get_settings
from llmprovider.contracts import queue
from llmprovider.jobs.sweeping import last_submission, sweep
from llmprovider.models import BatchJob, Bundle, QueueItem
from llmprovider.providers.batches.anthropic_batches import AnthropicBatches
from llmprovider.providers.batches.base import JobLimits
from llmprovider.providers.batches.openai_batches import OpenAIBatches
from llmprovider.queueing import instalments
from tests.integration.jobs import scripted_vendors as vendors
from tests.integration.jobs.working import (
    fetched,
    job_of,
    jobs,
    once_each,
    statuses,
    submitted,
    visit,
    work_jobs,
)
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import set_queue, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vendor(monkeypatch):
    return vendors.put_in(monkeypatch)


def test_the_limits_are_the_vendors():
    """T22"""
    assert AnthropicBatches.limits == JobLimits(100_000, 256_000_000)
    assert OpenAIBatches.limits == JobLimits(50_000, 200_000_000)


def test_a_wave_is_one_job_for_each_model(vendor):
    """T22"""
    submitted(4)
    submitted(3, overrides={"model": "claude-sonnet-4-6"})
    assert sorted((job.model, job.requests) for job in jobs()) == [
        (vendors.MODEL, 4),
        ("claude-sonnet-4-6", 3),
    ]


def test_it_splits_at_the_number_of_requests(vendor):
    """T22"""
    vendor.limits = JobLimits(requests=3, input_bytes=10_000_000)
    planned = submitted(7)
    assert [job.requests for job in planned] == [3, 3, 1]
    work_jobs()
    assert once_each(fetched()) and [len(kept.lines) for kept in vendor.jobs.values()] == [3, 3, 1]


def test_it_splits_at_the_number_of_bytes(vendor):
    """T22: no file is larger than the provider takes, and none is half empty."""
    vendor.limits = JobLimits(requests=1_000, input_bytes=40_000)
    submitted(20)
    work_jobs()
    sizes = [len(content) for content in vendor.files.values()]
    assert len(sizes) > 1 and max(sizes) <= 40_000
    assert all(size > 30_000 for size in sizes[:-1])
    assert once_each(fetched())


def test_a_file_that_turns_out_too_large_is_split_before_it_is_sent(vendor, monkeypatch):
    """Sizes are estimates until the file is there."""
    job = job_of(8)
    vendor.limits = JobLimits(requests=1_000, input_bytes=job.input_bytes // 2 + 1_000)
    work_jobs()
    assert statuses() == ["collected", "collected", "lost"]
    assert [len(kept.lines) for kept in vendor.jobs.values()] == [4, 4]
    assert once_each(fetched())


def test_the_estimate_of_a_file_is_within_a_few_percent(vendor):
    job = job_of(30)
    estimate = job.input_bytes
    visit(job)
    assert 0.97 < estimate / job.input_bytes < 1.05
    assert job.input_bytes == len(vendor.files["file-1"]) and len(job.input_sha256) == 64


def test_nightly_comparisons_of_many_batches_wait_for_one_submission(vendor, monkeypatch):
    set_queue(monkeypatch, BATCH_API_MODE="nightly_batch")
    assert submitted(3) == [] and submitted(2, batch_key="batch-2") == []
    now = timezone.now()
    sweep(now)
    assert BatchJob.objects.count() == 0
    waiting = queue.waiting_for_a_job("batch-2")
    assert waiting["comparisons"] == 2
    night = last_submission(now) + timedelta(days=1)
    assert waiting["until"] == night
    sweep(night + timedelta(seconds=1))
    sweep(night + timedelta(seconds=2))
    (job,) = jobs()
    assert job.requests == 5 and queue.waiting_for_a_job("batch-2") is None
    visit(job)
    assert once_each(fetched()) and len(vendor.jobs) == 1


def test_comparisons_that_come_after_the_hour_wait_for_the_next_night(vendor, monkeypatch):
    set_queue(monkeypatch, BATCH_API_MODE="nightly")
    submitted(3)
    night = last_submission(timezone.now()) + timedelta(days=1)
    Bundle.objects.update(created_at=night + timedelta(seconds=1))
    sweep(night + timedelta(minutes=5))
    assert BatchJob.objects.count() == 0
    sweep(night + timedelta(days=1, minutes=5))
    assert BatchJob.objects.count() == 1


def test_a_wave_that_was_coming_in_at_the_hour_is_not_parted(vendor, monkeypatch):
    """As few jobs as possible: all of it goes with the next night's."""
    set_queue(monkeypatch, BATCH_API_MODE="nightly")
    submitted(2)
    submitted(3)
    night = last_submission(timezone.now()) + timedelta(days=1)
    some = list(Bundle.objects.values_list("pk", flat=True)[:2])
    Bundle.objects.filter(pk__in=some).update(created_at=night + timedelta(seconds=1))
    sweep(night + timedelta(minutes=5))
    assert jobs() == []
    sweep(night + timedelta(days=1, minutes=5))
    assert [job.items for job in jobs()] == [5]


def test_a_comparison_lives_longer_than_the_night_and_the_window(vendor, monkeypatch):
    """T21"""
    set_queue(monkeypatch, BATCH_API_MODE="nightly")
    submitted(1)
    item = QueueItem.objects.get()
    window = timedelta(seconds=get_settings().BATCH_JOB_DEADLINE_SECONDS)
    assert item.expires_at - item.enqueued_at >= timedelta(days=1) + window


def test_where_jobs_are_disabled_the_live_queue_bundles_the_wave(vendor, monkeypatch):
    set_queue(monkeypatch, BATCH_API_MODE="disabled")
    judge = judges.put_in(monkeypatch, judges.well, provider="anthropic")
    assert submitted(10) == []
    work()
    assert judge.sizes == [10] and vendor.calls == [] and once_each(fetched())


def test_what_waited_for_the_night_goes_live_when_jobs_are_disabled(vendor, monkeypatch):
    set_queue(monkeypatch, BATCH_API_MODE="nightly")
    submitted(2)
    set_queue(monkeypatch, BATCH_API_MODE="disabled")
    judge = judges.put_in(monkeypatch, judges.well, provider="anthropic")
    sweep(timezone.now())
    work()
    assert judge.sizes == [1, 1] and once_each(fetched())


def test_a_model_without_batch_jobs_is_judged_live(vendor):
    submitted(1, overrides={"provider": "openai_compatible", "model": "local"})
    bundle = QueueItem.objects.get().bundle
    assert bundle.route == Bundle.Route.LIVE and bundle.waiting and BatchJob.objects.count() == 0


def test_workers_leave_alone_what_goes_by_job(vendor, monkeypatch):
    judge = judges.put_in(monkeypatch, judges.well, provider="anthropic")
    job_of(2)
    for bundle in Bundle.objects.all():
        process(str(bundle.pk))
    assert take_turn().bundle is None and judge.requests == []


def test_what_has_a_job_by_the_end_of_a_long_launch_is_in_no_other(vendor, monkeypatch):
    """The sweep planned it meanwhile, and the job gave back what there was no money for."""
    set_queue(monkeypatch, BATCH_API_MODE="nightly")
    submitted(3)
    set_queue(monkeypatch, BATCH_API_MODE="opportunistic")
    found = instalments.weighed_for_jobs("batch-1")
    sweep(timezone.now())
    (first,) = jobs()
    back = Bundle.objects.order_by("pk").last()
    Bundle.objects.filter(pk=back.pk).update(job=None)
    with transaction.atomic():
        (second,) = instalments.conclude("batch-1", found)
    assert set(second.bundles.all()) == {back} and first.bundles.count() == 2
