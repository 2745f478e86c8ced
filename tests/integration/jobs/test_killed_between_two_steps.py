"""A process dies between any two steps of a job, and another goes on from the rows."""

import pytest

from llmprovider.contracts import ErrorType
from llmprovider.jobs import claims
from llmprovider.jobs.submitting import submit
from llmprovider.models import BatchJob, ProviderCall
from llmprovider.providers.base import ProviderError
from tests.integration.jobs import scripted_vendors as vendors
from tests.integration.jobs.working import (
    fetched,
    job_of,
    jobs,
    make_due,
    once_each,
    restart,
    visit,
    work_jobs,
)
from tests.integration.llmprovider.comparisons import set_queue

pytestmark = pytest.mark.django_db(transaction=True)

COUNT = 7
DOORS = {
    "while its file is written": "line",
    "while its file is uploaded": "upload",
    "before the provider is asked": "create",
    "before the job's name is stored": "created",
    "while polling": "check",
    "before the results are read": "collect",
}


def likeness(monkeypatch, marks: bool) -> vendors.ScriptedVendor:
    """OpenAI keeps our name for a job and takes files; Anthropic does neither."""
    set_queue(monkeypatch, SUBMIT_SETTLE_SECONDS=0.0001)
    return vendors.put_in(monkeypatch, marks=marks, takes_files=marks)


@pytest.fixture(params=[True, False], ids=["keeps our name", "keeps no name"])
def vendor(request, monkeypatch):
    return likeness(monkeypatch, request.param)


def ended_well(vendor) -> None:
    """One paid job, one result for each comparison, and its cost counted once."""
    assert len(vendor.jobs) == 1
    results = fetched()
    assert once_each(results)
    assert all(one.winner == "essay_a" for one in results)
    last = jobs()[-1]
    assert last.status == BatchJob.Status.COLLECTED and last.succeeded == COUNT
    charged = vendor.answered * vendors.PRICE
    assert float(last.cost_usd) == pytest.approx(charged)
    assert sum(float(one.cost_usd) for one in results) == pytest.approx(charged)


@pytest.mark.parametrize(
    ("moment", "marks"),
    [
        (moment, marks)
        for moment in DOORS
        for marks in (True, False)
        if marks or "upload" not in moment
    ],
)
def test_there_is_one_job_and_one_result_each(monkeypatch, moment, marks):
    """T19"""
    vendor = likeness(monkeypatch, marks)
    job = job_of(COUNT)
    vendor.fail(DOORS[moment], vendors.Killed())
    with pytest.raises(vendors.Killed):
        visit(job)
    restart()
    work_jobs()
    ended_well(vendor)


def test_dying_among_the_comparisons_taken_for_a_job_takes_each_once(vendor, monkeypatch):
    monkeypatch.setattr(claims, "CHUNK", 2)
    job = job_of(COUNT)
    prices = [vendors.Killed(), *([None] * 3)]
    monkeypatch.setattr(claims, "is_mock", lambda provider: dying(prices))
    with pytest.raises(vendors.Killed):
        visit(job)
    monkeypatch.undo()
    taken = ProviderCall.objects.filter(job=job).count()
    assert 0 < taken < COUNT
    vendors_again = vendors.put_in(monkeypatch)
    restart()
    work_jobs()
    ended_well(vendors_again)


def dying(after: list) -> bool:
    """Lets three comparisons pass."""
    step = after.pop()
    if step is not None:
        raise step
    return False


@pytest.mark.parametrize("lines", [0, 3, COUNT])
def test_dying_among_the_results_loses_and_doubles_nothing(vendor, lines, monkeypatch):
    """T19; `COUNT`: all lines are read, and the row has not ended."""
    monkeypatch.setattr("llmprovider.jobs.collecting.CHUNK", 2)
    job = job_of(COUNT)
    vendor.die_after_lines = lines
    with pytest.raises(vendors.Killed):
        visit(job)
    early = fetched()
    assert len(early) == lines - lines % 2
    restart()
    work_jobs()
    assert len(vendor.jobs) == 1
    late = fetched()
    assert once_each([*early, *late])
    job.refresh_from_db()
    assert float(job.cost_usd) == pytest.approx(COUNT * vendors.PRICE)
    assert job.succeeded == COUNT


def test_reading_the_results_again_changes_nothing(vendor):
    """T36"""
    job = job_of(COUNT)
    visit(job)
    first = fetched()
    BatchJob.objects.filter(pk=job.pk).update(status=BatchJob.Status.COLLECTING)
    work_jobs()
    assert fetched() == []
    assert once_each(first)
    ended = jobs()[0]
    assert ended.succeeded == COUNT
    assert float(ended.cost_usd) == pytest.approx(COUNT * vendors.PRICE)


@pytest.mark.parametrize(
    "kind", [ErrorType.TIMEOUT, ErrorType.CONNECTION, ErrorType.SERVER_ERROR, ErrorType.OVERLOADED]
)
def test_a_create_that_was_not_answered_is_found_and_not_repeated(vendor, kind):
    """FACTS 0.3: a time-out on create may have bought the job."""
    vendor.fail("created", ProviderError(kind, "no answer"))
    visit(job_of(COUNT))
    make_due()
    work_jobs()
    assert vendor.calls.count("create") == 1
    ended_well(vendor)


def test_a_job_that_is_late_in_the_provider_s_list_is_waited_for(vendor, monkeypatch):
    set_queue(monkeypatch, SUBMIT_SETTLE_SECONDS=3600)
    vendor.shown = False
    vendor.fail("created", ProviderError(ErrorType.TIMEOUT, "no answer"))
    job = job_of(COUNT)
    for _ in range(5):
        visit(job)
    assert job.status == BatchJob.Status.SUBMITTING
    vendor.shown = True
    work_jobs()
    ended_well(vendor)


def test_a_job_that_never_arrived_is_lost_and_replaced_once(vendor):
    vendor.fail("create", ProviderError(ErrorType.TIMEOUT, "no answer"))
    visit(job_of(COUNT))
    assert [job.status for job in jobs()] == [BatchJob.Status.SUBMITTING]
    work_jobs()
    first, second = jobs()
    assert (first.status, second.status) == (BatchJob.Status.LOST, BatchJob.Status.COLLECTED)
    assert second.parent_id == first.pk and second.attempt == 2 and first.cost_usd == 0
    failed = first.calls.values_list("error_type", "cost_usd", "reserved_usd").distinct()
    assert list(failed) == [(ErrorType.CONNECTION, 0, 0)]
    assert vendor.calls.count("create") == 2
    ended_well(vendor)


def test_two_workers_at_once_send_a_job_once(vendor):
    job = job_of(COUNT)
    held = BatchJob.objects.get(pk=job.pk)
    visit(job)
    held.status = BatchJob.Status.PREPARING  # as a worker sees it that has slept since
    submit(held)
    assert vendor.calls.count("create") == 1
    ended_well(vendor)
