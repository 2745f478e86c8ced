"""Counters of batches: they say what the comparisons' rows say, within the budget."""

from datetime import datetime

from django.db import transaction
from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from assessment.models import Batch, ComparisonPair
from llmprovider.contracts.findings import Check, Visit, keys

# What was withdrawn was never sent: it counts nowhere.
SUBMITTED = ~Q(status=ComparisonPair.Status.WITHDRAWN)
SUCCEEDED = Q(status=ComparisonPair.Status.SUCCEEDED)
FAILED = Q(status=ComparisonPair.Status.FAILED)


def _in_batch(key: str) -> Q:
    return Q(pk=key)


def _pairs(condition: Q) -> Coalesce:
    """How many comparisons of the batch meet the condition."""
    pairs = ComparisonPair.objects.filter(condition, batch=OuterRef("pk"))
    count = pairs.order_by().values("batch").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(count, output_field=IntegerField()), 0)


def wrong_counters(now: datetime) -> QuerySet:
    batches = Batch.objects.annotate(
        sent=_pairs(SUBMITTED), won=_pairs(SUCCEEDED), lost=_pairs(FAILED)
    )
    same = Q(submitted=F("sent"), completed=F("won"), failed=F("lost"))
    return batches.exclude(same).order_by("pk").values_list("pk", flat=True)


def beyond_the_budget(now: datetime) -> QuerySet:
    batches = Batch.objects.annotate(sent=_pairs(SUBMITTED)).filter(sent__gt=F("total_budget"))
    return batches.order_by("pk").values_list("pk", flat=True)


def recount(visit: Visit) -> None:
    """Count the rows again, under the lock that everybody counts under."""
    for batch_id in keys(wrong_counters(visit.now), visit, _in_batch):
        with transaction.atomic():
            batch = Batch.objects.select_for_update().get(pk=batch_id)
            counted = batch.pairs.aggregate(
                submitted=Count("pk", filter=SUBMITTED),
                completed=Count("pk", filter=SUCCEEDED),
                failed=Count("pk", filter=FAILED),
            )
            if counted["submitted"] <= batch.total_budget:  # else a finding of its own
                Batch.objects.filter(pk=batch_id).update(**counted)


CHECKS = (
    Check(
        code="counters_wrong",
        of="batch",
        what="counters (submitted, completed, failed) differ from the comparisons' rows",
        remedy="counts the rows again",
        find=wrong_counters,
        in_batch=_in_batch,
        repair=recount,
    ),
    Check(
        code="beyond_budget",
        of="batch",
        what="have more comparisons than their budget",
        remedy="find out who added rows; the judgements are kept, and the report counts them",
        find=beyond_the_budget,
        in_batch=_in_batch,
    ),
)
