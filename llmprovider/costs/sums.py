"""Costs after the fact: sums of the provider calls, by judge and day, from the rows alone."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from llmprovider.models import ProviderCall, QueueItem

# Under way, or lost with their worker, or ended in a way that may be billed all the same. What is
# priced before it has ended is free.
UNANSWERED = Q(finished_at__isnull=True, priced=False) | Q(reserved_usd__gt=0)
UNPRICED = Q(priced=False) & ~UNANSWERED


@dataclass(frozen=True)
class CostSum:
    """What some calls took. Cached and reasoning tokens are parts of input and output.

    `usd` is the known part: `unpriced_calls` were answered by a model without a known price, and
    `unanswered_calls` have no bill yet, or none that we see: at most `reserved_usd` comes on top.
    """

    calls: int = 0
    verdicts: int = 0
    input_tokens: int = 0
    cache_read_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    usd: Decimal = Decimal(0)
    unpriced_calls: int = 0
    unanswered_calls: int = 0
    reserved_usd: Decimal = Decimal(0)

    def __add__(self, other: "CostSum") -> "CostSum":
        return CostSum(
            *(getattr(self, one.name) + getattr(other, one.name) for one in fields(CostSum))
        )

    @property
    def known_usd(self) -> Decimal | None:
        """None where nothing of the cost is known: it is then unknown, not nothing."""
        return None if self.unpriced_calls and not self.usd else self.usd

    @property
    def usd_per_verdict(self) -> Decimal | None:
        """Failed calls included; None where there is no verdict or a price is missing."""
        return self.usd / self.verdicts if self.verdicts and not self.unpriced_calls else None


@dataclass(frozen=True)
class JudgeCost:
    """The sum of one judge's calls, on one day (UTC) or, where that is None, in all."""

    day: date | None
    provider: str
    model: str
    mock: bool
    sum: CostSum


def costs_of_batch(batch_key: str) -> list[JudgeCost]:
    """What a batch took, by judge."""
    return costs_of_calls(ProviderCall.objects.filter(batch_key=batch_key), by_day=False)


def costs_by_day(since: datetime) -> list[JudgeCost]:
    """What all calls begun since then took, by day in UTC and judge, oldest first."""
    return costs_of_calls(ProviderCall.objects.filter(started_at__gte=since), by_day=True)


def sums(calls: QuerySet[ProviderCall]) -> CostSum:
    """The sum of any calls, without counting their verdicts."""
    return _sum(calls.order_by().aggregate(**_SUMS), 0)


def total_of(costs: Sequence[JudgeCost]) -> CostSum:
    """The sum of some judges' costs."""
    return sum((cost.sum for cost in costs), CostSum())


_SUMS = {
    "calls": Count("pk"),
    "input_tokens": Sum("input_tokens", default=0),
    "cache_read_tokens": Sum("cache_read_tokens", default=0),
    "output_tokens": Sum("output_tokens", default=0),
    "reasoning_tokens": Sum("reasoning_tokens", default=0),
    "usd": Sum("cost_usd", default=Decimal(0)),
    "unpriced_calls": Count("pk", filter=UNPRICED),
    "unanswered_calls": Count("pk", filter=UNANSWERED),
    "reserved_usd": Sum("reserved_usd", filter=UNANSWERED, default=Decimal(0)),
}


def _sum(figures: dict[str, Any], verdicts: int) -> CostSum:
    return CostSum(**{name: figures[name] for name in _SUMS}, verdicts=verdicts)


def _verdicts(calls: QuerySet[ProviderCall]) -> QuerySet[QueueItem]:
    return QueueItem.objects.filter(
        status=QueueItem.Status.COMPLETED, call__in=calls.order_by().values("pk")
    )


def costs_of_calls(calls: QuerySet[ProviderCall], *, by_day: bool) -> list[JudgeCost]:
    """What any calls took, by judge, and by day where asked: then oldest first."""
    judge = ("provider", "model", "mock")
    day = {"day": TruncDate("started_at", tzinfo=UTC)} if by_day else {}
    judged = {"day": TruncDate("call__started_at", tzinfo=UTC)} if by_day else {}
    verdicts = {
        tuple(row[:-1]): row[-1]
        for row in _verdicts(calls)
        .annotate(**judged)
        .values_list(*judged, *(f"call__{name}" for name in judge))
        .annotate(verdicts=Count("pk"))
    }
    rows = calls.annotate(**day).values(*day, *judge).annotate(**_SUMS).order_by(*day, *judge)
    return [
        JudgeCost(
            row.get("day"),
            row["provider"],
            row["model"],
            row["mock"],
            _sum(row, verdicts.get(tuple(row[name] for name in (*day, *judge)), 0)),
        )
        for row in rows
    ]
