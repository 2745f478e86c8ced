"""Gauges of the judge service, computed from the rows whenever somebody asks for them.

Rows are shared by all processes, so only one endpoint may show these (the web's): a sum over
endpoints would count them twice. docs/metrics.md tells them all.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from django.db.models import (
    Case,
    Count,
    DateTimeField,
    ExpressionWrapper,
    F,
    Min,
    Q,
    QuerySet,
    Sum,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from llmprovider.gates.circuits import Stage, stage
from llmprovider.gates.rows import circuit_of, lease
from llmprovider.metric_labels import judge_labels, provider_label
from llmprovider.models import BatchJob, Bundle, Gate, ProviderCall, QueueItem
from llmprovider.providers.registry import PROVIDERS, has_batches
from llmprovider.queueing.expiries import time_to_live

# A call that tries a provider that hangs takes minutes, and until it is back all others wait.
_CIRCUIT: Final = {Stage.CLOSED: 0, Stage.HALF_OPEN: 1, Stage.PROBING: 2, Stage.OPEN: 2}
_STATUS: Final = QueueItem.Status


def collect() -> Iterator[GaugeMetricFamily]:
    """Every gauge, as it is now; a few indexed queries."""
    now = timezone.now()
    yield from _queue(now)
    yield _job_age(now)
    yield _circuits(now)
    yield _spend(now)


def _stages(now: datetime) -> dict[str, tuple[Q, Combinable]]:
    """Each comparison that is not at its end is in exactly one; with what its age is from."""
    queued = Q(status=_STATUS.QUEUED)
    return {
        "queued": (queued & Q(bundle__route=Bundle.Route.LIVE), _waiting_since(now)),
        "gathered": (queued & Q(bundle__route=Bundle.Route.JOB), F("enqueued_at")),
        "processing": (Q(status=_STATUS.PROCESSING), F("claimed_at")),
        "submitted": (Q(status=_STATUS.SUBMITTED), F("claimed_at")),
        "undelivered": (Q(finished_at__isnull=False, delivered_at__isnull=True), F("finished_at")),
    }


def _waiting_since(now: datetime) -> Combinable:
    """When a comparison began to wait for a worker, which is not its arrival where it has been in
    a provider's job: then its time to live began anew, or there is more left of it than any that
    waits for a worker is given, and its bundle was made when it came back."""
    ttl = time_to_live(Bundle.Route.LIVE)
    began = ExpressionWrapper(F("expires_at") - ttl, output_field=DateTimeField())
    return Case(
        When(expires_at__gt=now + ttl, then=F("bundle__created_at")),
        default=Greatest(F("enqueued_at"), began),
    )


def _queue(now: datetime) -> Iterator[GaugeMetricFamily]:
    depth = GaugeMetricFamily(
        "llm_provider_queue_depth",
        "Comparisons in the queue that are not delivered yet; one unit is one comparison.",
        labels=["status"],
    )
    age = GaugeMetricFamily(
        "llm_provider_queue_oldest_age_seconds",
        "Seconds that the oldest comparison has waited in this status; 0 where there is none.",
        labels=["status"],
    )
    for status, (condition, since) in _stages(now).items():
        found = QueueItem.objects.filter(condition).aggregate(n=Count("pk"), oldest=Min(since))
        depth.add_metric([status], found["n"])
        age.add_metric([status], _age(found["oldest"], now))
    yield depth
    yield age


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since is not None else 0.0


def _job_age(now: datetime) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "llm_provider_batch_api_job_age_seconds",
        "Seconds since the oldest batch job that has not ended was planned; 0 where there is none.",
        labels=["provider"],
    )
    open_jobs: QuerySet[BatchJob] = BatchJob.objects.filter(status__in=BatchJob.OPEN).order_by()
    oldest = {
        provider_label(row["provider"]): _age(row["oldest"], now)
        for row in open_jobs.values("provider").annotate(oldest=Min("planned_at"))
    }
    none = {provider: 0.0 for provider in PROVIDERS if has_batches(provider)}
    for provider, seconds in (none | oldest).items():
        family.add_metric([provider], seconds)
    return family


def _circuits(now: datetime) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "llm_provider_circuit_state",
        "Circuit of a judge: 0 closed, 1 half open (the next call tries), 2 open (nobody asks, but "
        "for one call that tries).",
        labels=["provider", "model"],
    )
    worst: dict[tuple[str, ...], int] = {}
    for gate in Gate.objects.exclude(model=""):
        labels = tuple(judge_labels(gate.provider, gate.model).values())
        state = _CIRCUIT[stage(circuit_of(gate), now, lease())]
        worst[labels] = max(state, worst.get(labels, 0))
    for labels, state in worst.items():
        family.add_metric(labels, state)
    return family


def _spend(now: datetime) -> GaugeMetricFamily:
    """By the day of the bill, so that a job sent yesterday and answered today is today's."""
    family = GaugeMetricFamily(
        "llm_provider_spend_today_usd",
        "US dollars of the calls answered since midnight UTC whose price is known.",
        labels=["provider", "model"],
    )
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    billed = ProviderCall.objects.filter(finished_at__gte=midnight).order_by()
    spent: dict[tuple[str, ...], float] = {}
    for row in billed.values("provider", "model").annotate(usd=Sum("cost_usd")):
        labels = tuple(judge_labels(row["provider"], row["model"]).values())
        spent[labels] = spent.get(labels, 0.0) + float(row["usd"])
    for labels, usd in spent.items():
        family.add_metric(labels, usd)
    return family
