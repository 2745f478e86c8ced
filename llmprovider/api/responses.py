"""What is told about a request for comparisons: from the rows as they are now, without a text."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max
from drf_spectacular.utils import extend_schema_serializer
from pydantic import BaseModel, Field

from llmprovider.api.statuses import FINAL, Counts, SetStatus, counts_of, status_of
from llmprovider.contracts import ComparisonResult, bills, queue
from llmprovider.models import ComparisonSet, QueueItem

AddressOf = Callable[[UUID], str]


class ComparisonSetAccepted(BaseModel):
    """The request is stored. `url` tells how far it is."""

    id: UUID
    status: SetStatus
    url: str


class ComparisonSetSummary(BaseModel):
    """A request for comparisons in a list."""

    id: UUID
    status: SetStatus
    url: str
    provider: str
    model: str
    counts: Counts
    created_at: datetime
    completed_at: datetime | None = Field(description="Null until every comparison has ended.")
    cancelled_at: datetime | None = Field(description="When the caller asked for its end.")


class ComparisonSetCost(BaseModel):
    """Billed so far as far as it is known, failed calls included."""

    usd: float
    currency: str = "USD"
    calls: int
    unpriced_calls: int = Field(
        description="Answered calls of a model without a known price: not in `usd`."
    )
    unanswered_calls: int = Field(
        description="Calls under way, or that ended without an answer or a bill: not in `usd`."
    )
    unanswered_at_most_usd: float = Field(
        description="The most that those may be billed on top of `usd`."
    )
    input_tokens: int
    output_tokens: int


class ComparisonState(BaseModel):
    """One comparison, its texts by the caller's ids. `essay_a` of the result is `first`."""

    first: str
    second: str
    result: ComparisonResult | None = Field(description="Null until it has ended.")


class ComparisonSetTold(ComparisonSetSummary):
    """A request for comparisons by itself, its comparisons in the order of the request."""

    cost: ComparisonSetCost
    comparisons: list[ComparisonState]


@extend_schema_serializer(many=False)  # it is the page; its entries are the list
class ComparisonSetPage(BaseModel):
    """A page of the list, newest first."""

    count: int
    next: str | None
    previous: str | None
    results: list[ComparisonSetSummary]


def summaries(sets: Sequence[ComparisonSet], address_of: AddressOf) -> list[ComparisonSetSummary]:
    """`address_of`: id -> URL. One query for all of them."""
    rows = (
        QueueItem.objects.filter(batch_key__in=[one.batch_key for one in sets])
        .order_by()
        .values("batch_key", "status")
        .annotate(number=Count("pk"), last=Max("finished_at"))
    )
    states: dict[str, dict[str, int]] = {}
    ends: dict[str, datetime] = {}
    for row in rows:
        key = row["batch_key"]
        states.setdefault(key, {})[row["status"]] = row["number"]
        if row["last"] is not None:
            ends[key] = max(row["last"], ends.get(key, row["last"]))
    return [
        _summary(one, counts_of(states.get(one.batch_key, {})), ends.get(one.batch_key), address_of)
        for one in sets
    ]


def accepted(comparison_set: ComparisonSet, address_of: AddressOf) -> ComparisonSetAccepted:
    (summary,) = summaries([comparison_set], address_of)
    return ComparisonSetAccepted(id=summary.id, status=summary.status, url=summary.url)


def told(comparison_set: ComparisonSet, address_of: AddressOf) -> ComparisonSetTold:
    # States before results: what is told to have ended then has its result.
    (summary,) = summaries([comparison_set], address_of)
    found = queue.finished(comparison_set.batch_key)
    totals = bills.totals_of(comparison_set.batch_key)
    return ComparisonSetTold(
        **dict(summary),
        cost=ComparisonSetCost(
            usd=float(totals["cost_usd"]),
            calls=totals["calls"],
            unpriced_calls=totals["unpriced_calls"],
            unanswered_calls=totals["unanswered_calls"],
            unanswered_at_most_usd=float(totals["reserved_usd"]),
            input_tokens=totals["input_tokens"],
            output_tokens=totals["output_tokens"],
        ),
        comparisons=[
            ComparisonState(
                first=first,
                second=second,
                result=found.get(comparison_set.correlation_id(position)),
            )
            for position, (first, second) in enumerate(comparison_set.comparisons)
        ],
    )


def _summary(
    comparison_set: ComparisonSet, counts: Counts, last: datetime | None, address_of: AddressOf
) -> ComparisonSetSummary:
    status = status_of(counts, cancelled=comparison_set.cancelled_at is not None)
    return ComparisonSetSummary(
        id=comparison_set.pk,
        status=status,
        url=address_of(comparison_set.pk),
        provider=comparison_set.provider,
        model=comparison_set.model,
        counts=counts,
        created_at=comparison_set.created_at,
        completed_at=last if status in FINAL else None,
        cancelled_at=comparison_set.cancelled_at,
    )


def as_json(answer: BaseModel) -> dict[str, Any]:
    return answer.model_dump(mode="json")
