"""Waves: numbered without a gap, as large as they say, and closed only when they are answered."""

from datetime import datetime

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet

from assessment.models import Batch, ComparisonPair, Wave
from llmprovider.contracts.findings import Check


def _in_batch(key: str) -> Q:
    return Q(batch=key)


def wrong_sizes(now: datetime) -> QuerySet:
    waves = Wave.objects.annotate(rows=Count("pairs")).exclude(rows=F("size"))
    return waves.order_by("pk").values_list("batch", "number")


def gaps(now: datetime) -> QuerySet:
    batches = Batch.objects.annotate(last=Max("waves__number"), rows=Count("waves"))
    return batches.filter(last__gt=F("rows")).order_by("pk").values_list("pk", flat=True)


def closed_too_early(now: datetime) -> QuerySet:
    pending = ComparisonPair.objects.filter(
        wave=OuterRef("pk"), status=ComparisonPair.Status.PENDING
    )
    closed = Wave.objects.filter(Exists(pending), finished_round=F("round"))
    return closed.order_by("pk").values_list("batch", "number")


def left_open(now: datetime) -> QuerySet:
    later = Wave.objects.filter(batch=OuterRef("batch"), number__gt=OuterRef("number"))
    earlier = Wave.objects.filter(Exists(later), finished_round__lt=F("round"))
    return earlier.order_by("pk").values_list("batch", "number")


CHECKS = (
    Check(
        code="wave_size_wrong",
        of="wave",
        what="have other numbers of comparisons than they were launched with",
        remedy="find out who added or deleted rows; what was deleted is in no score",
        find=wrong_sizes,
        in_batch=_in_batch,
    ),
    Check(
        code="wave_missing",
        of="batch",
        what="numbers of their waves have a gap",
        remedy="a wave was deleted, with its judgements: restore a backup, or repeat the batch",
        find=gaps,
        in_batch=lambda key: Q(pk=key),
    ),
    Check(
        code="wave_closed_early",
        of="wave",
        what="weighed while comparisons of them are still pending",
        remedy="nothing, if their answers still come; else cancel the batch",
        find=closed_too_early,
        in_batch=_in_batch,
    ),
    Check(
        code="wave_left_open",
        of="wave",
        what="not weighed, although a later wave was launched",
        remedy="nothing is lost: the scores are made of all comparisons. Find out who changed "
        "the row",
        find=left_open,
        in_batch=_in_batch,
    ),
)
