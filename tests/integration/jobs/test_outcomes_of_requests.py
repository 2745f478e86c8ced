"""What becomes of each request of a job, and what follows for its comparisons."""

import pytest

from llmprovider.contracts import ErrorType
from llmprovider.models import BatchJob, Bundle, ProviderCall, QueueItem
from llmprovider.providers.base import ProviderError, Stop
from tests.integration.jobs import scripted_vendors as vendors
from tests.integration.jobs.working import (
    fetched,
    item_statuses,
    items,
    job_of,
    jobs,
    once_each,
    visit,
    work_jobs,
)
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import set_queue, work

pytestmark = pytest.mark.django_db(transaction=True)

RETRYABLE = [
    ErrorType.EXPIRED,
    ErrorType.CANCELLED,  # by somebody at the provider's console
    ErrorType.RATE_LIMIT,
    ErrorType.OVERLOADED,
    ErrorType.SERVER_ERROR,
    ErrorType.INVALID_RESPONSE,
]


@pytest.fixture
def vendor(monkeypatch):
    set_queue(monkeypatch, QUEUE_RETRY_BASE_SECONDS=0.0001)
    judges.put_in(monkeypatch, judges.well, provider="anthropic")  # the live queue
    return vendors.put_in(monkeypatch)


def first_fails(job_items: list[QueueItem], outcome):
    """A judge that fails the first comparison and answers the others."""
    unlucky = str(job_items[0].correlation_id)
    return lambda line: outcome(line) if line.custom_id == unlucky else vendors.well(line)


def test_each_request_is_named_by_its_comparison(vendor):
    """T20"""
    visit(job_of(4))
    (kept,) = vendor.jobs.values()
    names = {line.custom_id for line in kept.lines}
    assert names == {str(item.correlation_id) for item in items()}
    assert all(len(line.items) == 1 for line in kept.lines)


def test_bundles_are_named_by_their_bundle(vendor):
    job = job_of(10, batch_fill="bundles", bundle_limit=5)
    visit(job)
    (kept,) = vendor.jobs.values()
    assert sorted(len(line.items) for line in kept.lines) == [5, 5]
    assert {line.custom_id for line in kept.lines} == {
        str(pk) for pk in Bundle.objects.values_list("pk", flat=True)
    }
    assert once_each(fetched()) and item_statuses() == ["completed"] * 10
    job.refresh_from_db()
    assert (job.requests, job.items, job.succeeded) == (2, 10, 2)


@pytest.mark.parametrize("kind", RETRYABLE)
def test_what_may_succeed_is_asked_again_by_the_live_queue(vendor, kind):
    """T20"""
    job = job_of(4)
    vendor.judge = first_fails(items(), vendors.failing(kind))
    visit(job)
    assert item_statuses() == ["completed"] * 3 + ["queued"]
    assert len(fetched()) == 3
    work()
    assert len(fetched()) == 1 and item_statuses() == ["completed"] * 4
    counts = (job.succeeded, job.errored + job.expired + job.cancelled)
    assert counts == (3, 1) and len(vendor.jobs) == 1


@pytest.mark.parametrize("kind", [ErrorType.INVALID_REQUEST, ErrorType.REFUSAL])
def test_what_cannot_succeed_keeps_its_error(vendor, kind):
    """T20: code and retryability survive."""
    job = job_of(2)
    vendor.judge = first_fails(items(), vendors.failing(kind))
    visit(job)
    (failed,) = [one for one in fetched() if one.error_detail]
    assert failed.error_detail.error_type is kind and not failed.error_detail.retryable
    assert failed.error_detail.attempts == 1
    assert item_statuses() == ["completed", "failed"]


def test_a_refusal_is_an_answer_without_a_verdict(vendor):
    """FACTS 2.1: it arrives as a success, and is paid for."""
    job = job_of(1)
    vendor.judge = lambda line: vendors.answer(line, [], Stop.REFUSAL)
    visit(job)
    (result,) = fetched()
    assert result.error_detail.error_type is ErrorType.REFUSAL
    assert float(job.cost_usd) == pytest.approx(vendors.PRICE) and job.succeeded == 1


def test_an_answer_cut_off_is_asked_again_and_both_are_paid(vendor):
    job = job_of(1)
    vendor.judge = lambda line: vendors.answer(line, [], Stop.MAX_TOKENS)
    visit(job)
    work()
    (result,) = fetched()
    assert result.winner == "essay_a"
    assert float(result.cost_usd) == pytest.approx(3 * vendors.PRICE)  # live costs twice as much


def test_a_missing_line_is_asked_again_and_counted(vendor):
    """FACTS: a results file may be shorter than its job."""
    job = job_of(5)
    vendor.judge = first_fails(items(), lambda line: None)
    visit(job)
    assert (job.succeeded, job.missing) == (4, 1)
    assert float(job.cost_usd) == pytest.approx(4 * vendors.PRICE)
    work()
    assert once_each(fetched())


def test_a_line_of_nobody_is_ignored(vendor):
    job = job_of(2)
    vendor.ends_at_once = False
    visit(job)
    (kept,) = vendor.jobs.values()
    kept.done["5a6f1b1e-0000-4000-8000-000000000000"] = vendors.well(kept.lines[0])
    vendor.finish()
    work_jobs()
    assert once_each(fetched()) and jobs()[0].succeeded == 2


def test_within_a_bundle_only_the_comparison_without_a_verdict_is_asked_again(vendor):
    """T13, T14"""
    job = job_of(5, batch_fill="bundles")
    vendor.judge = lambda line: vendors.answer(line, line.items[1:])
    visit(job)
    assert item_statuses() == ["completed"] * 4 + ["queued"]
    work()
    assert once_each(fetched())
    assert [call.items_count for call in ProviderCall.objects.order_by("started_at")] == [5, 1]


def test_failures_go_into_one_follow_up_job_where_that_is_wanted(vendor, monkeypatch):
    set_queue(monkeypatch, QUEUE_RETRY_BASE_SECONDS=0.0001, BATCH_API_RETRY_ROUTE="job")
    job = job_of(6)
    unlucky = {str(item.correlation_id) for item in items()[:2]}
    vendor.judge = lambda line: (
        vendors.failing(ErrorType.EXPIRED)(line)
        if line.custom_id in unlucky
        else vendors.well(line)
    )
    visit(job)
    first, second = jobs()
    assert (second.parent_id, second.attempt, second.requests) == (first.pk, 2, 2)
    visit(second)
    # What fails there, too, is left to the live queue.
    assert len(vendor.jobs) == 2 and BatchJob.objects.count() == 2
    assert second.status == BatchJob.Status.COLLECTED and second.expired == 2
    work()
    assert once_each(fetched()) and item_statuses() == ["completed"] * 6


def test_attempts_are_limited_over_jobs_and_calls(vendor, monkeypatch):
    set_queue(monkeypatch, QUEUE_RETRY_BASE_SECONDS=0.0001, QUEUE_MAX_ATTEMPTS=2)
    judges.put_in(monkeypatch, judges.failing(ErrorType.OVERLOADED), provider="anthropic")
    vendor.judge = vendors.failing(ErrorType.EXPIRED)
    visit(job_of(1))
    work()
    (result,) = fetched()
    assert result.error_detail.error_type is ErrorType.OVERLOADED
    assert result.error_detail.attempts == 2


def test_a_job_refused_as_a_whole_fails_its_comparisons_without_a_bill(vendor):
    vendor.ends_at_once = False
    job = job_of(3)
    visit(job)
    vendor.refuse("vendor-1", ErrorType.INVALID_REQUEST)
    visit(job)
    assert job.status == BatchJob.Status.FAILED and job.errored == 3 and job.cost_usd == 0
    results = fetched()
    assert once_each(results)
    assert {one.error_detail.error_type for one in results} == {ErrorType.INVALID_REQUEST}


def test_a_job_refused_for_lack_of_room_is_sent_again_later(vendor):
    """OpenAI takes a job first and fails it when too much is waiting there already."""
    vendor.ends_at_once = False
    first = job_of(3)
    visit(first)
    vendor.refuse("vendor-1", ErrorType.RATE_LIMIT)
    visit(first)
    assert first.status == BatchJob.Status.FAILED and item_statuses() == ["queued"] * 3
    assert set(first.calls.values_list("error_type", flat=True)) == {ErrorType.RATE_LIMIT}
    vendor.ends_at_once = True
    second = jobs()[1]
    assert second.next_check_at > second.planned_at  # not at once
    work_jobs()
    assert once_each(fetched()) and item_statuses() == ["completed"] * 3


@pytest.mark.parametrize("kind", [ErrorType.AUTHENTICATION, ErrorType.INVALID_REQUEST])
def test_a_create_that_is_refused_fails_the_job_once(vendor, kind):
    """T23: one call for the job; the batch ends as an outage where nobody is served."""
    outage = kind is ErrorType.AUTHENTICATION
    vendor.fail("create", ProviderError(kind, "refused", outage=outage))
    job = job_of(3)
    visit(job)
    work_jobs()
    job.refresh_from_db()
    assert job.status == BatchJob.Status.FAILED and vendor.calls.count("create") == 1
    results = fetched()
    assert once_each(results)
    assert {one.error_detail.outage for one in results} == {outage}


def test_a_create_turned_away_for_now_is_made_again(vendor):
    """The provider says so plainly: no job of ours is there, so nothing is looked for."""
    vendor.fail("create", ProviderError(ErrorType.RATE_LIMIT, "later", retry_after=0.1))
    job = job_of(3)
    visit(job)
    assert job.status == BatchJob.Status.PREPARING and job.next_check_at > job.preparing_at
    visit(job)
    assert job.status == BatchJob.Status.COLLECTED
    assert vendor.calls.count("create") == 2 and vendor.calls.count("find") == 0
    assert len(vendor.files) == 1  # what was uploaded is used again
