"""Gauges of the batches, computed from the rows whenever somebody asks for them.

Only one endpoint may show these (the web's): a sum over endpoints would count them twice.
docs/metrics.md tells them all.
"""

from collections.abc import Iterator

from django.db.models import Count, Max
from prometheus_client.core import GaugeMetricFamily

from assessment.models import Batch, Heartbeat


def collect() -> Iterator[GaugeMetricFamily]:
    """Every gauge, as it is now; two small queries."""
    batches = GaugeMetricFamily(
        "cj_batches", "Batches by status; one unit is one batch.", labels=["status"]
    )
    rows = Batch.objects.order_by().values_list("status").annotate(n=Count("pk"))
    found = dict(rows)
    for status in Batch.Status.values:
        batches.add_metric([status], found.get(status, 0))
    yield batches
    beat = GaugeMetricFamily(
        "cj_beat_heartbeat_timestamp",
        "When a worker last carried out a sweep that beat sent; seconds since 1970, 0 for never.",
    )
    last = Heartbeat.objects.aggregate(last=Max("beaten_at"))["last"]
    beat.add_metric([], last.timestamp() if last else 0.0)
    yield beat
