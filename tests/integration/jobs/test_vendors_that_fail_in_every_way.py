"""Both vendors' real SDKs against an emulator whose jobs go wrong in all known ways."""

import os
from decimal import Decimal

import pytest
from django.db.models import Sum

from llmprovider.contracts import queue
from llmprovider.emulator import Emulator
from llmprovider.emulator.clocks import Clock
from llmprovider.models import BatchJob, ProviderCall, QueueItem
from tests.integration.jobs.working import fetched, jobs, once_each, submitted, work_jobs
from tests.integration.llmprovider.comparisons import set_queue, work

pytestmark = pytest.mark.django_db(transaction=True)

MODELS = {"anthropic": "claude-haiku-4-5", "openai": "gpt-4.1-mini"}
# JOB_COMPARISONS=2000 for a long look.
COUNT = int(os.environ.get("JOB_COMPARISONS", "250"))


@pytest.mark.parametrize("fill", ["single", "bundles"])
@pytest.mark.parametrize("vendor", MODELS)
def test_every_count_agrees_and_the_cost_is_what_was_charged(monkeypatch, vendor, fill):
    """Issue 6: jobs, calls, queue and bill; T20."""
    set_queue(
        monkeypatch,
        SUBMIT_SETTLE_SECONDS=0.5,
        QUEUE_RETRY_BASE_SECONDS=0.01,
        CIRCUIT_OPEN_SECONDS=0.01,
        RETRY_AFTER_MAX_SECONDS=0.1,
        BATCH_API_FILL=fill,
    )
    with Emulator("batch_flaky", clock=Clock(3_000)) as emulator:
        for name, value in emulator.environment.items():
            monkeypatch.setenv(name, value)
        submitted(COUNT, overrides={"provider": vendor, "model": MODELS[vendor]})
        work_jobs(rounds=400)
        charged = Decimal(str(sum(job["charged_usd"] for job in emulator.jobs)))
        bought = [job for job in emulator.jobs if not job["failed"]]
        emulator.state.faults.clear()
        work(rounds=200)

    sent = [job for job in jobs() if job.vendor_id]
    assert len(bought) == len(sent) and {job["id"] for job in bought} == {
        job.vendor_id for job in sent
    }
    calls = ProviderCall.objects.filter(job__in=sent)
    for job in sent:
        assert job.status == BatchJob.Status.COLLECTED
        told = (job.succeeded, job.errored, job.expired, job.cancelled, job.missing)
        assert sum(told) == job.requests == calls.filter(job=job).count()
        cost = calls.filter(job=job).aggregate(sum=Sum("cost_usd"))["sum"]
        assert job.cost_usd == cost.quantize(job.cost_usd)
    assert sum(job.errored + job.expired + job.missing for job in sent) > 0
    # What came without a line that can be read is charged, and nobody can tell us how much.
    known = calls.aggregate(cost=Sum("cost_usd"), reserved=Sum("reserved_usd"))
    assert known["cost"] <= charged + Decimal("1e-6")
    assert charged <= known["cost"] + known["reserved"] + Decimal("1e-6")
    assert not calls.filter(finished_at__isnull=True).exists()

    results = fetched()
    assert once_each(results) and len(results) == COUNT
    assert queue.unfinished("batch-1") == 0
    assert sum((one.cost_usd for one in results), Decimal(0)) == pytest.approx(
        queue.totals_of("batch-1")["cost_usd"], abs=Decimal("1e-6")
    )
    succeeded = QueueItem.objects.filter(status=QueueItem.Status.COMPLETED).count()
    assert succeeded >= 0.95 * COUNT
