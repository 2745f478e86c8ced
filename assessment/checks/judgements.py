"""The queue against the comparisons: what was asked is there, and came home as it was judged."""

from datetime import datetime
from decimal import Decimal
from uuid import uuid4

from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast

from assessment.lifecycle import messages
from assessment.lifecycle.messages import RECORD_RESULTS
from assessment.lifecycle.waves.recording import record_parcel, record_results
from assessment.models import ComparisonPair, PairAttempt
from llmprovider.contracts import (
    ComparisonResult,
    ErrorCode,
    ErrorDetail,
    ErrorType,
    TokenUsage,
    audits,
)
from llmprovider.contracts.findings import Check, Visit, keys

# USD: half of the smallest unit in which a comparison is charged.
HALF_A_UNIT = 5e-9


def _in_batch(key: str) -> Q:
    return Q(batch=key)


def not_in_queue(now: datetime) -> QuerySet:
    """What was asked went into the queue in one transaction with its asking."""
    asked = PairAttempt.objects.filter(correlation_id=OuterRef("correlation_id"))
    pending = ComparisonPair.objects.filter(Exists(asked), status=ComparisonPair.Status.PENDING)
    lost = pending.filter(~audits.in_queue(OuterRef("correlation_id")))
    return lost.order_by("pk").values_list("pk", flat=True)


def acknowledged_but_pending(now: datetime) -> QuerySet:
    waiting = PairAttempt.objects.filter(
        correlation_id=OuterRef("correlation_id"), outcome=PairAttempt.Outcome.WAITING
    )
    pairs = ComparisonPair.objects.filter(
        Exists(waiting),
        audits.is_delivered(OuterRef("correlation_id")),
        status=ComparisonPair.Status.PENDING,
    )
    return pairs.order_by("pk").values_list("pk", flat=True)


def _recorded() -> QuerySet:
    return PairAttempt.objects.filter(outcome=PairAttempt.Outcome.RECORDED)


def other_verdicts(now: datetime) -> QuerySet:
    """By what the queue has, what the asking keeps, and what the comparison says by now."""
    sides = [When(result__winner=side, then=Value(side)) for side in ("essay_a", "essay_b")]
    askings = _recorded().annotate(
        judged=audits.winner(OuterRef("correlation_id")),
        kept=Case(*sides, default=Value(""), output_field=CharField()),
    )
    pairs = ComparisonPair.objects.filter(correlation_id=OuterRef("correlation_id"))
    elsewhere = Exists(pairs.exclude(winner=OuterRef("judged")))
    other = askings.filter(~Q(kept=F("judged")) | elsewhere, judged__isnull=False)
    return other.order_by("pk").values_list("correlation_id", flat=True)


def other_costs(now: datetime) -> QuerySet:
    """Only of what was asked once: the cost of several askings is one sum."""
    recorded = _recorded().filter(correlation_id=OuterRef("correlation_id"))
    pairs = ComparisonPair.objects.filter(Exists(recorded), attempts=1).annotate(
        gap=Cast(audits.charged(OuterRef("correlation_id")), FloatField())
        - Cast("cost_usd", FloatField())
    )
    off = Q(gap__gt=HALF_A_UNIT) | Q(gap__lt=-HALF_A_UNIT)
    return pairs.filter(off).order_by("pk").values_list("pk", flat=True)


def orphans(now: datetime) -> QuerySet:
    known = PairAttempt.objects.filter(correlation_id=OuterRef("correlation_id"))
    return audits.comparisons_for(RECORD_RESULTS).filter(~Exists(known))


# Recorded in one transaction.
CHUNK = 500


def answer_the_lost(visit: Visit) -> None:
    """An error that may be retried, recorded as any other: the wave asks these again."""
    lost = keys(not_in_queue(visit.now), visit, _in_batch)
    for start in range(0, len(lost), CHUNK):
        pairs = ComparisonPair.objects.filter(pk__in=lost[start : start + CHUNK])
        for wave in record_results([_no_answer(pair, visit.now) for pair in pairs]):
            messages.finish_wave(wave.batch_id, wave.number, wave.round)


def _no_answer(pair: ComparisonPair, now: datetime) -> ComparisonResult:
    return ComparisonResult(
        request_id=uuid4(),
        correlation_id=pair.correlation_id,
        winner=None,
        error_detail=ErrorDetail(
            code=ErrorCode.EXPIRED,
            error_type=ErrorType.EXPIRED,
            message="the queue had lost this comparison",
            retryable=True,
            provider=pair.provider,
            model=pair.model,
            attempts=0,
            correlation_id=pair.correlation_id,
            timestamp=now,
        ),
        provider=pair.provider,
        model=pair.model,
        token_usage=TokenUsage(),
        cost_usd=Decimal(0),
        requested_at=pair.created_at,
        completed_at=now,
        request_metadata={},
    )


def deliver_again(visit: Visit) -> None:
    """Take the acknowledgement back, and record the results as if they had just come."""
    pending = keys(acknowledged_but_pending(visit.now), visit, _in_batch)
    for start in range(0, len(pending), CHUNK):
        pairs = ComparisonPair.objects.filter(pk__in=pending[start : start + CHUNK])
        names = list(pairs.values_list("correlation_id", flat=True))
        for parcel in audits.deliver_again(names):
            for wave in record_parcel(parcel):
                messages.finish_wave(wave.batch_id, wave.number, wave.round)


CHECKS = (
    Check(
        code="pair_not_in_queue",
        of="comparison",
        what="pending, and the queue does not know them",
        remedy="ends them with an error that may be retried; the wave then asks them again",
        find=not_in_queue,
        in_batch=_in_batch,
        repair=answer_the_lost,
    ),
    Check(
        code="delivered_not_recorded",
        of="comparison",
        what="pending, although the queue was told that their results are recorded",
        remedy="has the results delivered and recorded once more",
        find=acknowledged_but_pending,
        in_batch=_in_batch,
        repair=deliver_again,
    ),
    Check(
        code="verdict_differs",
        of="asking",
        what="verdicts differ between the queue, the asking and the comparison",
        remedy="trust the queue's: it was written when the judge answered. Find out who changed "
        "the rows",
        find=other_verdicts,
        in_batch=lambda key: Q(pair__batch=key),
    ),
    Check(
        code="cost_differs",
        of="comparison",
        what="cost another sum than the queue charged for them",
        remedy="trust the calls' costs: every report is made from these",
        find=other_costs,
        in_batch=_in_batch,
    ),
    Check(
        code="orphan",
        of="queue item",
        what="judged for the assessment, which does not know them",
        remedy="nothing: their batch was deleted, or another database wrote them. They change no "
        "score",
        find=orphans,
        in_batch=lambda key: Q(batch_key=key),
        notice=True,
    ),
)
