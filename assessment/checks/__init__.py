"""Checks of the assessment's own rows, and of the queue's against them; see docs/doctor.md."""

from collections.abc import Mapping

from django.db.models import Model

from assessment.checks import counters, deliveries, ends, judgements, pairs, unfinished, waves
from assessment.models import Batch, ComparisonPair, OutgoingEvent, PairAttempt, Wave

CHECKS = (
    *counters.CHECKS,
    *waves.CHECKS,
    *pairs.CHECKS,
    *judgements.CHECKS,
    *ends.CHECKS,
    *deliveries.CHECKS,
    *unfinished.CHECKS,
)


def rows_checked(batch: str | None) -> Mapping[str, int]:
    """How many rows the checks look at, by what they are; `batch`: of that one only."""

    def count(model: type[Model], path: str) -> int:
        rows = model._default_manager.all()
        return (rows if batch is None else rows.filter(**{path: batch})).count()

    return {
        "batches": count(Batch, "pk"),
        "waves": count(Wave, "batch"),
        "comparisons": count(ComparisonPair, "batch"),
        "askings": count(PairAttempt, "pair__batch"),
        "events": count(OutgoingEvent, "batch"),
    }
