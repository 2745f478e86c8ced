"""Both vendors' real SDKs against an emulator whose jobs go wrong in all known ways."""

import json
import os
from decimal import Decimal
from typing import NamedTuple

import pytest
from django.db.models import Sum

from llmprovider.contracts import bills
from llmprovider.emulator import Emulator
from llmprovider.emulator.batch_jobs import Line, Outcome
from llmprovider.emulator.clocks import Clock
from llmprovider.models import BatchJob, ProviderCall, QueueItem
from tests.integration.jobs.working import fetched, jobs, once_each, submitted, work_jobs
from tests.integration.llmprovider.comparisons import set_queue, work

pytestmark = pytest.mark.django_db(transaction=True)

MODELS = {"anthropic": "claude-haiku-4-5", "openai": "gpt-4.1-mini"}
# JOB_COMPARISONS=2000 for a long look.
COUNT = int(os.environ.get("JOB_COMPARISONS", "250"))


class Bill(NamedTuple):
    """What the emulator charged for a request, and whether its results tell.

    Three faults keep that from us: a line that is lost, one that is broken, and an answer without
    anything in it. All else is told: errors and expiry cost nothing, an answer has its usage.
    """

    usd: Decimal
    told: bool

    @classmethod
    def of(cls, line: Line) -> "Bill":
        written = line.done.lines.splitlines()
        usd = Decimal(str(round(line.done.cost_usd, 8)))
        try:
            results = [json.loads(one) for one in written]
        except ValueError:
            return cls(usd, told=False)
        answered = line.done.outcome is Outcome.SUCCEEDED
        return cls(usd, told=bool(results) and (not answered or b'"usage"' in line.done.lines))


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
        billed = {
            (job.id, line.custom_id): Bill.of(line)
            for job in emulator.state.jobs.all()
            for line in job.lines
            if line.done is not None
        }
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
    assert not calls.filter(finished_at__isnull=True).exists()
    told_of = {(call.job.vendor_id, call.custom_id): call for call in calls.select_related("job")}
    assert told_of.keys() == billed.keys()
    for name, call in told_of.items():
        usd, told = billed[name]
        if told:
            assert (call.cost_usd, call.reserved_usd, call.priced) == (usd, 0, True)
        else:
            assert (call.cost_usd, call.priced) == (0, False) and usd <= call.reserved_usd
    assert charged == sum(bill.usd for bill in billed.values())
    assert fill == "bundles" or any(not bill.told for bill in billed.values())

    results = fetched()
    assert once_each(results) and len(results) == COUNT
    assert not QueueItem.objects.filter(batch_key="batch-1", delivered_at=None).exists()
    assert sum((one.cost_usd for one in results), Decimal(0)) == pytest.approx(
        bills.totals_of("batch-1")["cost_usd"], abs=Decimal("1e-6")
    )
    succeeded = QueueItem.objects.filter(status=QueueItem.Status.COMPLETED).count()
    assert succeeded >= 0.95 * COUNT
