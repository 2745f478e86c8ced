"""Comparisons and their askings: each answer counts once, and is on record."""

from datetime import datetime

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest, Least

from assessment.models import ComparisonPair, PairAttempt
from llmprovider.contracts.findings import Check

Status = ComparisonPair.Status
Outcome = PairAttempt.Outcome


def _in_batch(key: str) -> Q:
    return Q(batch=key)


def judged_too_often(now: datetime) -> QuerySet:
    """Keys: batch/essay/essay. Who names the comparisons says himself how often each is asked."""
    met = ComparisonPair.objects.filter(
        status=Status.SUCCEEDED, batch__specified_pairs__isnull=True
    )
    met = met.order_by().annotate(low=Least("essay_a", "essay_b"))
    met = met.annotate(high=Greatest("essay_a", "essay_b"))
    times = met.values("batch", "low", "high", "batch__judgements_per_pair")
    often = times.annotate(times=Count("pk")).filter(times__gt=F("batch__judgements_per_pair"))
    return often.values_list("batch", "low", "high")


def recorded_twice(now: datetime) -> QuerySet:
    won = PairAttempt.objects.filter(
        outcome=Outcome.RECORDED, result__winner__in=["essay_a", "essay_b"]
    )
    pairs = won.order_by().values("pair").annotate(times=Count("pk")).filter(times__gt=1)
    return pairs.values_list("pair", flat=True)


def _attempts(**conditions: object) -> QuerySet:
    return PairAttempt.objects.filter(pair=OuterRef("pk"), **conditions)


def without_asking(now: datetime) -> QuerySet:
    """A round that is still launched has not asked all; what was withdrawn may never be asked."""
    asked = _attempts(correlation_id=OuterRef("correlation_id"), number=OuterRef("attempts"))
    launched = ComparisonPair.objects.filter(wave__launched_round__gte=F("wave__round"))
    pairs = launched.filter(~Exists(asked)).exclude(status=Status.WITHDRAWN)
    return pairs.order_by("pk").values_list("pk", flat=True)


def answer_off_record(now: datetime) -> QuerySet:
    """A comparison that failed may have no recorded answer: its batch ended first."""
    recorded = Exists(
        _attempts(correlation_id=OuterRef("correlation_id"), outcome=Outcome.RECORDED)
    )
    pairs = ComparisonPair.objects.filter(
        Q(~recorded, status=Status.SUCCEEDED) | Q(recorded, status=Status.PENDING)
    )
    return pairs.order_by("pk").values_list("pk", flat=True)


CHECKS = (
    Check(
        code="judged_too_often",
        of="batch/essay/essay",
        what="two essays met and were scored more often than judgements_per_pair allows",
        remedy="the scores give this pair too much weight: repeat the batch if it matters",
        find=judged_too_often,
        in_batch=_in_batch,
    ),
    Check(
        code="recorded_twice",
        of="comparison",
        what="two verdicts of one comparison were recorded",
        remedy="the later one stands in the row; the others are kept with their askings",
        find=recorded_twice,
        in_batch=lambda key: Q(pair__batch=key),
    ),
    Check(
        code="asking_missing",
        of="comparison",
        what="their latest asking is not on record, so no answer can find them",
        remedy="cancel and repeat the batch: rows were deleted or changed by hand",
        find=without_asking,
        in_batch=_in_batch,
    ),
    Check(
        code="answer_off_record",
        of="comparison",
        what="have a winner without a recorded answer, or a recorded answer and no winner",
        remedy="find out who changed the rows: the asking keeps the answer as it came",
        find=answer_off_record,
        in_batch=_in_batch,
    ),
)
