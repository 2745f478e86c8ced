"""Beat looks after jobs: each by itself, ever less often, until its results are home."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from llmprovider.contracts import ErrorType, queue
from llmprovider.jobs import messages
from llmprovider.jobs.intervals import until_next_check
from llmprovider.jobs.sweeping import sweep
from llmprovider.models import BatchJob
from llmprovider.providers.base import ProviderError
from llmprovider.tasks import check_job, submit_job
from tests.integration.jobs import scripted_vendors as vendors
from tests.integration.jobs.working import (
    fetched,
    job_of,
    make_due,
    once_each,
    submitted,
    visit,
    work_jobs,
)
from tests.integration.llmprovider.comparisons import at_once, set_queue

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vendor(monkeypatch):
    vendor = vendors.put_in(monkeypatch)
    vendor.ends_at_once = False
    return vendor


@pytest.fixture
def sent(monkeypatch):
    """Messages about jobs, instead of a broker."""
    found: list[tuple[str, str]] = []
    monkeypatch.setattr(messages, "look_after", lambda job: found.append(("check", str(job.pk))))
    monkeypatch.setattr(messages, "deliver", lambda job: found.append(("deliver", str(job.pk))))
    return found


def test_the_time_between_two_looks_doubles_up_to_the_longest(monkeypatch):
    set_queue(monkeypatch, BATCH_POLL_FIRST_SECONDS=30, BATCH_POLL_MAX_SECONDS=600)
    for checks, seconds in [(0, 30), (1, 60), (4, 480), (5, 600), (500, 600)]:
        waits = {until_next_check(checks).total_seconds() for _ in range(50)}
        assert len(waits) > 10  # not everybody at once
        assert all(0.8 * seconds <= wait <= 1.2 * seconds for wait in waits)


def test_a_job_is_looked_at_only_when_it_is_due(vendor):
    job = job_of(2)
    visit(job)
    for _ in range(5):
        check_job(str(job.pk))
    assert vendor.calls.count("check") == 0
    make_due()
    check_job(str(job.pk))
    assert vendor.calls.count("check") == 1


def test_a_job_that_fails_every_look_does_not_delay_another(vendor, sent):
    """Litellm's accident: one failing batch ended the poll of all."""
    bad = job_of(2)
    visit(bad)
    good = job_of(2, batch_key="batch-2")
    visit(good)
    vendor.fail("check vendor-1", RuntimeError("this service failed"), times=2)
    vendor.fail("check vendor-1", ProviderError(ErrorType.SERVER_ERROR, "broken"), times=50)
    vendor.finish("vendor-2")
    make_due()
    sweep(timezone.now())
    assert {pk for kind, pk in sent if kind == "check"} == {str(bad.pk), str(good.pk)}
    for _, pk in sent[:]:
        check_job(pk)
    good.refresh_from_db()
    bad.refresh_from_db()
    assert good.status == BatchJob.Status.COLLECTED and bad.status == BatchJob.Status.SUBMITTED
    for _ in range(10):
        visit_quietly(bad)
    assert bad.check_failures == 11  # and it is not given up
    vendor.faults.clear()
    vendor.finish()
    work_jobs()
    assert once_each(fetched())


def visit_quietly(job: BatchJob) -> None:
    make_due()
    check_job(str(job.pk))
    job.refresh_from_db()


def test_a_due_job_gets_one_message_and_another_only_when_it_is_lost(vendor, sent):
    job = job_of(1)
    now = timezone.now()
    BatchJob.objects.update(announced_at=now - timedelta(seconds=1), next_check_at=now)
    sweep(now)
    sweep(now + timedelta(seconds=5))
    assert sent == [("check", str(job.pk))]
    sweep(now + timedelta(seconds=70))
    assert len(sent) == 2


def test_workers_at_once_send_a_job_once(vendor):
    vendor.ends_at_once = True
    job = job_of(5)
    at_once(4, lambda: submit_job(str(job.pk)))
    assert len(vendor.jobs) == 1 and vendor.calls.count("create") == 1
    work_jobs()
    assert once_each(fetched())


def test_the_header_of_a_chord_ends_although_the_provider_fails(vendor):
    job = job_of(1)
    vendor.fail("upload", RuntimeError("this service failed"))
    assert submit_job(str(job.pk)) == str(job.pk)
    vendor.fail("create", ProviderError(ErrorType.SERVER_ERROR, "broken"))
    make_due()
    assert submit_job(str(job.pk)) == str(job.pk)


def test_results_that_nobody_fetched_are_delivered_again(vendor, sent):
    """T35"""
    vendor.ends_at_once = True
    job = job_of(3)
    visit(job)
    sent.clear()
    later = timezone.now() + timedelta(minutes=5)
    sweep(later)
    assert sent == [("deliver", str(job.pk))]
    assert once_each(fetched())
    sent.clear()
    sweep(later + timedelta(minutes=5))
    assert sent == []


def test_a_parcel_of_many_results_is_handed_over_in_parts(vendor, monkeypatch):
    monkeypatch.setattr(queue, "RESULTS_AT_ONCE", 4)
    vendor.ends_at_once = True
    job = job_of(10)
    visit(job)
    parcel = f"job:{job.pk}"
    assert len(queue.results_of(parcel)) == 4
    assert once_each(fetched([parcel]))


def test_status_shows_the_jobs_of_a_batch(vendor):
    submitted(3)
    submitted(2, batch_key="batch-2")
    (listed,) = queue.jobs_of("batch-2")
    assert listed["status"] == "planned" and listed["open"] and listed["vendor_id"] is None
    assert listed["comparisons"] == 2 and listed["provider"] == "anthropic"
    vendor.ends_at_once = True
    work_jobs()
    (listed,) = queue.jobs_of("batch-2")
    assert listed["status"] == "collected" and not listed["open"] and listed["vendor_id"]
    assert listed["counts"]["succeeded"] == 2
    assert float(listed["cost_usd"]) == pytest.approx(2 * vendors.PRICE)
    assert queue.oldest_age(queue.jobs_of("batch-2")) is None


def test_no_essay_is_left_on_disk_or_in_the_log(vendor, caplog, tmp_path, settings):
    settings.DATA_DIR = tmp_path
    job = job_of(2)
    vendor.fail("create", ProviderError(ErrorType.SERVER_ERROR, "broken"))
    visit(job)
    assert files_in(tmp_path) == [] and "Text number" not in caplog.text


def test_a_file_that_a_dead_process_left_is_removed_by_the_next(vendor, tmp_path, settings):
    settings.DATA_DIR = tmp_path
    database = Path(str(connection.settings_dict["NAME"])).name
    left = tmp_path / "job-files" / database / "dead.jsonl"
    left.parent.mkdir(parents=True)
    left.write_text("an essay")
    queue.recover_lone_process(timezone.now())
    assert files_in(tmp_path) == []


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]
