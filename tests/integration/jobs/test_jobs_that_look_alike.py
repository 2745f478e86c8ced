"""A provider that keeps no name of ours: jobs are told apart by what is in them."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from llmprovider.contracts import ErrorType, queue
from llmprovider.models import BatchJob
from llmprovider.providers.base import ProviderError
from tests.integration.jobs import scripted_vendors as vendors
from tests.integration.jobs.working import (
    fetched,
    item_statuses,
    job_of,
    jobs,
    once_each,
    visit,
    work_jobs,
)
from tests.integration.llmprovider.comparisons import set_queue

pytestmark = pytest.mark.django_db(transaction=True)

TIMEOUT = ProviderError(ErrorType.TIMEOUT, "no answer")


@pytest.fixture
def vendor(monkeypatch):
    set_queue(monkeypatch, SUBMIT_SETTLE_SECONDS=0.0001)
    vendor = vendors.put_in(monkeypatch, marks=False, takes_files=False)
    vendor.judge = lambda line: vendors.answer(line, ["c1"])
    return vendor


def somebody_elses(vendor, count: int) -> str:
    """A job of as many requests that another program has sent with the same key."""
    lines = [json.dumps({"custom_id": f"other-{at}", "user": ""}) for at in range(count)]
    return vendor.put("", ("\n".join(lines) + "\n").encode()).vendor_id


def test_a_stranger_s_job_is_not_taken_for_ours(vendor):
    """Its results show whose it is; nothing of it is stored, and ours is bought once."""
    foreign = somebody_elses(vendor, 4)
    vendor.fail("create", TIMEOUT)
    visit(job_of(4))
    work_jobs()
    lost, ours = jobs()
    assert lost.status == BatchJob.Status.LOST and lost.foreign_ids == [foreign]
    assert ours.status == BatchJob.Status.COLLECTED and ours.succeeded == 4
    assert vendor.calls.count("create") == 2 and once_each(fetched())


def test_ours_is_found_beside_a_stranger_s(vendor):
    foreign = somebody_elses(vendor, 4)
    vendor.fail("created", TIMEOUT)
    visit(job_of(4))
    work_jobs()
    (job,) = jobs()
    assert job.status == BatchJob.Status.COLLECTED and job.foreign_ids in ([], [foreign])
    assert vendor.calls.count("create") == 1 and once_each(fetched())


def test_of_several_that_run_none_is_taken_before_it_can_be_opened(vendor):
    vendor.ends_at_once = False
    somebody_elses(vendor, 4)
    vendor.fail("created", TIMEOUT)
    job = job_of(4)
    visit(job)
    for _ in range(5):
        visit(job)
    assert job.status == BatchJob.Status.SUBMITTING
    vendor.finish()
    work_jobs()
    assert vendor.calls.count("create") == 1 and once_each(fetched())


def test_two_of_ours_of_one_size_are_not_mixed_up(vendor):
    """Both time-outs left a job behind: each finds its own, and neither is bought again."""
    vendor.fail("created", TIMEOUT, times=2)
    first, second = job_of(4), job_of(4, batch_key="batch-2")
    visit(first)
    visit(second)
    work_jobs()
    assert len(vendor.jobs) == 2 and vendor.calls.count("create") == 2
    assert {job.status for job in jobs()} == {BatchJob.Status.COLLECTED}
    assert once_each(fetched())
    assert all(job.succeeded == 4 for job in jobs())


def test_a_job_only_taken_for_ours_is_never_cancelled(vendor):
    """It may be somebody else's."""
    vendor.ends_at_once = False
    foreign = somebody_elses(vendor, 4)
    vendor.fail("create", TIMEOUT)
    job = job_of(4)
    visit(job)
    visit(job)
    assert job.vendor_id == foreign and job.unproven
    queue.withdraw("batch-1")
    visit(job)
    assert vendor.calls.count("cancel") == 0
    vendor.finish()
    work_jobs()
    assert set(item_statuses()) == {"cancelled"} and len(vendor.jobs) == 1


def test_a_job_that_cannot_be_looked_for_in_time_is_given_up(vendor):
    """It may have been judged and billed, so it is not bought again."""
    vendor.fail("created", TIMEOUT)
    job = job_of(2)
    vendor.fail("find", ProviderError(ErrorType.CONNECTION, "away"), times=50)
    visit(job)
    BatchJob.objects.update(deadline_at=timezone.now() - timedelta(hours=25))
    visit(job)
    assert job.status == BatchJob.Status.FAILED and job.given_up
    assert once_each(fetched()) and len(vendor.jobs) == 1
