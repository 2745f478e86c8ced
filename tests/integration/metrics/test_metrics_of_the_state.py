"""Gauges are what the rows say at the moment of the scrape."""

from datetime import UTC, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db.models import Sum
from django.utils import timezone

from assessment import state_metrics as state_of_batches
from assessment import tasks
from assessment.models import Batch
from llmprovider import state_metrics as state_of_the_queue
from llmprovider.calls.processing import process
from llmprovider.contracts import ErrorType
from llmprovider.contracts import queue as judge_queue
from llmprovider.models import BatchJob, Bundle, Gate, ProviderCall, QueueItem
from llmprovider.queueing.leases import claim
from tests.integration.assessment.essays import batch
from tests.integration.jobs import scripted_vendors as vendors
from tests.integration.jobs.working import job_of, visit
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import queued, set_queue
from tests.integration.metrics.meters import samples_of
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db

TTL = timedelta(hours=4)
AGE = "llm_provider_queue_oldest_age_seconds"


def gauge(module, name: str, label: str = "") -> dict[str, float]:
    """Values of one gauge by one label's value ("" for a gauge without labels)."""
    return {
        dict(labels).get(label, ""): value
        for (sample, labels), value in samples_of(module.collect()).items()
        if sample == name
    }


def test_depths_and_ages_are_those_of_the_rows(monkeypatch):
    """T42, T43: oldest queued age"""
    judges.put_in(monkeypatch)
    waiting, held, answered, gathered = queued(4, queue_mode="per_request")
    now = timezone.now()
    claim(held, now - timedelta(seconds=300))
    process(str(answered.pk))
    came = now - timedelta(hours=2)
    waiting.items.update(enqueued_at=came, expires_at=came + TTL)
    gathered.route = gathered.Route.JOB
    gathered.save()
    depth = gauge(state_of_the_queue, "llm_provider_queue_depth", "status")
    assert depth == {
        "queued": 1,
        "gathered": 1,
        "processing": 1,
        "submitted": 0,
        "undelivered": 1,
    }
    age = gauge(state_of_the_queue, "llm_provider_queue_oldest_age_seconds", "status")
    assert 7_200 <= age["queued"] < 7_260 and 300 <= age["processing"] < 360
    assert age["submitted"] == 0 < age["undelivered"] < 60
    judge_queue.acknowledge([one.correlation_id for one in answered.items.all()])
    depth = gauge(state_of_the_queue, "llm_provider_queue_depth", "status")
    assert sum(depth.values()) == QueueItem.objects.filter(delivered_at=None).count() == 3


def test_what_comes_back_from_a_job_has_waited_since_then(monkeypatch):
    """T43: oldest queued age. In a job for 25 hours is not queued for 25 hours."""
    vendor = vendors.put_in(monkeypatch)
    vendor.ends_at_once = False
    vendor.judge = vendors.failing(ErrorType.OVERLOADED)
    job = job_of(2)
    visit(job)
    came = timezone.now() - timedelta(hours=25)
    QueueItem.objects.update(enqueued_at=came, expires_at=came + timedelta(hours=49))
    vendor.finish()
    visit(job)
    assert gauge(state_of_the_queue, "llm_provider_queue_depth", "status")["queued"] == 2
    assert gauge(state_of_the_queue, AGE, "status")["queued"] < 60


def test_what_was_gathered_and_sent_live_has_waited_since_then(monkeypatch):
    """T43. One is given its time to live anew, 40 minutes ago."""
    (bundle,) = queued(1, queue_mode="per_request")
    now = timezone.now()
    bundle.items.update(enqueued_at=now - timedelta(hours=25), expires_at=now + TTL)
    Bundle.objects.update(created_at=now - timedelta(hours=25))
    assert gauge(state_of_the_queue, AGE, "status")["queued"] < 60
    bundle.items.update(expires_at=now + TTL - timedelta(minutes=40))
    assert 2_400 <= gauge(state_of_the_queue, AGE, "status")["queued"] < 2_460


@pytest.mark.parametrize("hours", [2, 8])
def test_another_time_to_live_changes_no_age(monkeypatch, hours):
    """T43. The setting holds for what is sent from then on."""
    came = timezone.now() - timedelta(minutes=50)
    (bundle,) = queued(1, queue_mode="per_request")
    bundle.items.update(enqueued_at=came, expires_at=came + TTL)
    Bundle.objects.update(created_at=came)
    set_queue(monkeypatch, QUEUED_TTL_SECONDS=hours * 3600)
    assert 3_000 <= gauge(state_of_the_queue, AGE, "status")["queued"] < 3_060


def test_the_oldest_job_of_each_provider_has_its_age(monkeypatch):
    """T42: batch-job ages"""
    vendor = vendors.put_in(monkeypatch)
    vendor.ends_at_once = False
    visit(job_of(2))
    BatchJob.objects.update(planned_at=timezone.now() - timedelta(hours=26))
    age = gauge(state_of_the_queue, "llm_provider_batch_api_job_age_seconds", "provider")
    assert 26 * 3600 <= age["anthropic"] < 26 * 3600 + 60
    assert age["openai"] == age["mock"] == 0
    depth = gauge(state_of_the_queue, "llm_provider_queue_depth", "status")
    assert depth["submitted"] == 2


@pytest.mark.parametrize(
    ("open_for", "state"), [(None, 0), (timedelta(seconds=30), 2), (timedelta(seconds=-10), 1)]
)
def test_a_circuit_is_closed_half_open_or_open(open_for, state):
    """T43: breaker open"""
    until = timezone.now() + open_for if open_for is not None else None
    Gate.objects.create(provider="openai", model="gpt-4.1-mini", open_until=until)
    Gate.objects.create(provider="openai", model="")
    circuits = gauge(state_of_the_queue, "llm_provider_circuit_state", "model")
    assert circuits == {"gpt-4.1-mini": state}


def test_a_circuit_whose_one_call_hangs_is_open():
    """T43: breaker open. Nobody else asks for the nine minutes that the call may take."""
    now = timezone.now()
    Gate.objects.create(
        provider="openai",
        model="gpt-4.1-mini",
        open_until=now - timedelta(minutes=8),
        probe=1,
        probe_started_at=now - timedelta(minutes=8),
    )
    assert gauge(state_of_the_queue, "llm_provider_circuit_state", "model") == {"gpt-4.1-mini": 2}


def test_todays_spend_is_what_was_billed_since_midnight(monkeypatch):
    """T43: daily cost"""
    noon = timezone.now().replace(hour=12)  # or midnight might come in the middle
    monkeypatch.setattr(state_of_the_queue, "timezone", SimpleNamespace(now=lambda: noon))
    judges.put_in(monkeypatch, provider="anthropic")
    judge = {"provider": "anthropic", "model": "claude-haiku-4-5"}
    for bundle in queued(3, queue_mode="per_request", overrides=judge):
        process(str(bundle.pk))
    ProviderCall.objects.update(finished_at=noon)
    yesterday = ProviderCall.objects.first()
    midnight = noon.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    yesterday.finished_at = midnight - timedelta(seconds=1)
    yesterday.save()
    billed = ProviderCall.objects.exclude(pk=yesterday.pk).aggregate(usd=Sum("cost_usd"))["usd"]
    spent = gauge(state_of_the_queue, "llm_provider_spend_today_usd", "model")
    assert spent == {"claude-haiku-4-5": pytest.approx(float(billed))}
    assert billed > Decimal(0)


def test_batches_are_counted_by_status():
    """Issue 8, item 1"""
    driving.started(batch(4))
    batch(4)
    found = gauge(state_of_batches, "cj_batches", "status")
    assert set(found) == set(Batch.Status.values)
    assert {status: n for status, n in found.items() if n} == {"PENDING": 1, "COMPARING": 1}


def test_the_heartbeat_is_when_a_sweep_was_last_carried_out():
    """T43: beat silent"""
    name = "cj_beat_heartbeat_timestamp"
    assert gauge(state_of_batches, name) == {"": 0}
    before = timezone.now().timestamp()
    for _ in range(2):
        tasks.monitor_batches()
    (beat,) = gauge(state_of_batches, name).values()
    assert before <= beat <= timezone.now().timestamp()


def test_it_takes_few_queries(django_assert_max_num_queries):
    """A scrape every few seconds must cost nothing, however many rows there are."""
    with django_assert_max_num_queries(11):
        list(state_of_batches.collect())
        list(state_of_the_queue.collect())
