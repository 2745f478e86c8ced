"""Ends of batches: told once, with scores where there are any, and nothing is asked after them."""

from datetime import datetime

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from assessment.lifecycle.cancelling import withdraw_pending
from assessment.models import Batch, ComparisonPair, Essay, GradeProjection, OutgoingEvent
from llmprovider.contracts import audits
from llmprovider.contracts.findings import Check, Visit, keys

Status = Batch.Status
Kind = OutgoingEvent.Kind
_KEY = Cast(OuterRef("pk"), CharField())


def _in_batch(key: str) -> Q:
    return Q(pk=key)


def _keys(batches: QuerySet) -> QuerySet:
    return batches.order_by("pk").values_list("pk", flat=True)


def untold(now: datetime) -> QuerySet:
    told = OutgoingEvent.objects.filter(batch=OuterRef("pk"))
    return _keys(Batch.objects.filter(~Exists(told), status__in=Batch.ENDED))


def told_otherwise(now: datetime) -> QuerySet:
    """The event of a batch that has not ended, or that ended in another way."""
    right = (
        Q(kind=Kind.COMPLETED, batch__status=Status.COMPLETED)
        | Q(kind=Kind.FAILED, batch__status=Status.FAILED)
        | Q(kind=Kind.CANCELLED, batch__status=Status.CANCELLED)
    )
    wrong = OutgoingEvent.objects.exclude(right)
    return wrong.order_by("pk").values_list("batch", flat=True)


def unscored(now: datetime) -> QuerySet:
    scored = GradeProjection.objects.filter(essay=OuterRef("pk"))
    missing = Exists(Essay.objects.filter(~Exists(scored), batch=OuterRef("pk")))
    completed = Batch.objects.filter(status=Status.COMPLETED)
    return _keys(completed.filter(Q(missing) | Q(result__isnull=True)))


def scored_too_early(now: datetime) -> QuerySet:
    scores = GradeProjection.objects.filter(essay__batch=OuterRef("pk"))
    others = Batch.objects.exclude(status=Status.COMPLETED)
    return _keys(others.filter(Q(Exists(scores)) | Q(result__isnull=False)))


def pending_after_the_end(now: datetime) -> QuerySet:
    pending = ComparisonPair.objects.filter(
        batch=OuterRef("pk"), status=ComparisonPair.Status.PENDING
    )
    return _keys(Batch.objects.filter(Exists(pending), status__in=Batch.ENDED))


def asked_after_the_end(now: datetime) -> QuerySet:
    return _keys(Batch.objects.filter(audits.unwanted(_KEY), status__in=Batch.ENDED))


def keeping_places(now: datetime) -> QuerySet:
    return _keys(Batch.objects.filter(audits.keeps_places(_KEY), status__in=Batch.ENDED))


def tell_ends(visit: Visit) -> None:
    """Store the event, under the lock that the end is made under."""
    for batch_id in keys(untold(visit.now), visit, _in_batch):
        with transaction.atomic():
            batch = Batch.objects.select_for_update().get(pk=batch_id)
            if batch.ended and not batch.events.exists():
                OutgoingEvent.record_end(batch_id)


def end_pending(visit: Visit) -> None:
    """What the end itself does: take back what is not sent, and count the rest as failed."""
    found = [
        *keys(pending_after_the_end(visit.now), visit, _in_batch),
        *keys(asked_after_the_end(visit.now), visit, _in_batch),
        *keys(keeping_places(visit.now), visit, _in_batch),
    ]
    for batch_id in sorted(set(found)):
        with transaction.atomic():
            batch = Batch.objects.select_for_update().get(pk=batch_id)
            if batch.ended:
                withdraw_pending(batch)
                batch.save(update_fields=["submitted", "failed"])


CHECKS = (
    Check(
        code="end_untold",
        of="batch",
        what="have ended without an event",
        remedy="stores the event",
        find=untold,
        in_batch=_in_batch,
        repair=tell_ends,
    ),
    Check(
        code="event_wrong",
        of="batch",
        what="their event tells another end than theirs, or one that has not come",
        remedy="tell whoever received the event: it cannot be taken back",
        find=told_otherwise,
        in_batch=lambda key: Q(batch=key),
    ),
    Check(
        code="scores_missing",
        of="batch",
        what="completed without a score for each essay, or without a measurement",
        remedy="the judgements are there: `manage.py eng5 report BATCH` writes them, and "
        "`manage.py cj_fit` scores them",
        find=unscored,
        in_batch=_in_batch,
    ),
    Check(
        code="scores_too_early",
        of="batch",
        what="have scores although they are not completed",
        remedy="do not use these scores; find out who wrote them",
        find=scored_too_early,
        in_batch=_in_batch,
    ),
    Check(
        code="pending_after_end",
        of="batch",
        what="have ended, and comparisons of them are still pending",
        remedy="withdraws what no provider has seen, and counts the rest as failed",
        find=pending_after_the_end,
        in_batch=_in_batch,
        repair=end_pending,
    ),
    Check(
        code="asked_after_end",
        of="batch",
        what="have ended, and comparisons of them may still be asked",
        remedy="takes these comparisons back; those in a call under way end with it",
        find=asked_after_the_end,
        in_batch=_in_batch,
        repair=end_pending,
    ),
    Check(
        code="places_kept",
        of="batch",
        what="have ended, and the queue keeps places for comparisons that will not come",
        remedy="gives the places free",
        find=keeping_places,
        in_batch=_in_batch,
        repair=end_pending,
    ),
)
