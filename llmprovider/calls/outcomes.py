"""Outcomes: what a call, or the lack of one, did to each of its items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from llmprovider import tallies
from llmprovider.conf import get_settings
from llmprovider.contracts import CODE_OF_TYPE, RETRYABLE, ErrorDetail, ErrorType
from llmprovider.costs.pricing import COST_UNIT
from llmprovider.models import ProviderCall, QueueItem
from llmprovider.prompting.answers import Verdict


@dataclass(frozen=True)
class Failure:
    """Why an item has no verdict. `message` holds no essay text; `retry_after` is in seconds.

    `outage`: every further call to this judge would fail alike. `size`: in a smaller bundle the
    item may well succeed. `final`: not to be asked again, whatever the cause. `turned_away`: the
    provider had no room (429), which is no attempt at the item; its time to live bounds the wait.
    """

    error_type: ErrorType
    message: str
    retry_after: float | None = None
    outage: bool = False
    size: bool = False
    final: bool = False
    turned_away: bool = False

    @property
    def retryable(self) -> bool:
        if self.outage or self.final:
            return False
        return self.size or self.error_type in RETRYABLE


ItemOutcome = Verdict | Failure


def store_outcomes(
    items: Sequence[QueueItem],
    outcomes: Mapping[object, ItemOutcome],
    *,
    call: ProviderCall | None,
    prompt_sha256: str = "",
) -> list[QueueItem]:
    """Store each item's outcome; returns the items put back into the queue, to be bundled anew.

    An item that already has an outcome keeps it: the first result stays. A verdict counts even
    when the lease ran out meanwhile (it is paid for); an error only while the lease is ours, or
    the item in the batch job that it was in when `items` were read.
    """
    now = timezone.now()
    shares = _shares(call, len(items))
    again = []
    with transaction.atomic():
        # By key, as everybody locks them, so that nobody waits in a circle.
        for item, share in sorted(zip(items, shares, strict=True), key=lambda one: one[0].pk):
            outcome = outcomes[item.pk]
            turned_away = isinstance(outcome, Failure) and outcome.turned_away
            item.attempts += 1 if call and not turned_away else 0
            item.cost_usd += share["cost_usd"]
            item.usage = _added(item.usage, share["usage"])
            if isinstance(outcome, Verdict):
                _complete(item, outcome, call, prompt_sha256, now)
            elif outcome.retryable and _may_be_asked(item, outcome) and _requeue(item, outcome):
                again.append(item)
            else:
                _fail(item, outcome, QueueItem.Status.FAILED, call, prompt_sha256, now)
    return sorted(again, key=lambda item: item.bundle_index)


def _complete(
    item: QueueItem, verdict: Verdict, call: ProviderCall | None, prompt_sha256: str, now: datetime
) -> None:
    metadata = provider_metadata(item, call, prompt_sha256)
    if verdict.flags:
        metadata["answer_flags"] = sorted(verdict.flags)
    QueueItem.objects.filter(pk=item.pk, status__in=QueueItem.OPEN).update(
        status=QueueItem.Status.COMPLETED,
        winner=verdict.winner,
        confidence=verdict.confidence,
        justification=verdict.justification,
        call=call,
        provider_metadata=metadata,
        finished_at=now,
        lease_token=None,
        lease_expires_at=None,
        attempts=item.attempts,
        usage=item.usage,
        cost_usd=item.cost_usd,
    )


def _may_be_asked(item: QueueItem, failure: Failure) -> bool:
    return failure.turned_away or item.attempts < get_settings().QUEUE_MAX_ATTEMPTS


def _requeue(item: QueueItem, failure: Failure) -> bool:
    """False where the lease is lost or the caller has withdrawn the item."""
    return bool(
        _ours(item)
        .filter(withdrawn=False)
        .update(
            status=QueueItem.Status.QUEUED,
            claims=F("claims") - (1 if failure.turned_away else 0),
            lease_token=None,
            lease_expires_at=None,
            attempts=item.attempts,
            usage=item.usage,
            cost_usd=item.cost_usd,
        )
    )


def _fail(
    item: QueueItem,
    failure: Failure,
    status: str,
    call: ProviderCall | None,
    prompt_sha256: str,
    now: datetime,
) -> None:
    if failure.error_type is ErrorType.CANCELLED:
        status = QueueItem.Status.CANCELLED
    elif failure.error_type is ErrorType.EXPIRED:
        status = QueueItem.Status.EXPIRED
    ended = _ours(item).update(
        status=status,
        error=error_detail(item, failure, now),
        call=call,
        provider_metadata=provider_metadata(item, call, prompt_sha256),
        finished_at=now,
        lease_token=None,
        lease_expires_at=None,
        attempts=item.attempts,
        usage=item.usage,
        cost_usd=item.cost_usd,
    )
    if ended and status == QueueItem.Status.EXPIRED:
        tallies.expired(item, "cleanup", now)


def error_detail(item: QueueItem, failure: Failure, now: datetime) -> dict[str, Any]:
    """The contract's ErrorDetail of an item, as stored."""
    return ErrorDetail(
        code=CODE_OF_TYPE[failure.error_type],
        error_type=failure.error_type,
        message=failure.message[:500],
        retryable=failure.retryable,
        outage=failure.outage,
        retry_after=failure.retry_after,
        provider=item.provider,
        model=item.model,
        attempts=item.attempts,
        correlation_id=item.correlation_id,
        timestamp=now,
    ).model_dump(mode="json")


def provider_metadata(
    item: QueueItem, call: ProviderCall | None, prompt_sha256: str
) -> dict[str, Any]:
    """Keys this service adds beside the caller's own, which it never touches."""
    metadata: dict[str, Any] = {
        "bundle_id": str(item.bundle_id),
        "bundle_index": item.bundle_index,
        "queue_processing_mode": item.queue_mode,
        "resolved_provider": item.provider,
        "resolved_model": item.model,
    }
    if call is not None:
        metadata["resolved_model"] = call.resolved_model or item.model
        metadata["prompt_sha256"] = prompt_sha256
        metadata["usage"] = item.usage
    return metadata


def _ours(item: QueueItem) -> QuerySet[QueueItem]:
    if item.status == QueueItem.Status.SUBMITTED:
        return QueueItem.objects.filter(
            pk=item.pk, status=QueueItem.Status.SUBMITTED, bundle=item.bundle_id
        )
    return QueueItem.objects.filter(
        pk=item.pk, status=QueueItem.Status.PROCESSING, lease_token=item.lease_token
    )


USAGE_FIELDS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "cache_write_1h": "cache_write_1h_tokens",
    "reasoning": "reasoning_tokens",
}


def _shares(call: ProviderCall | None, count: int) -> list[dict[str, Any]]:
    """Each item's part of a call's tokens and cost; the parts sum to the whole exactly."""
    if call is None:
        return [{"cost_usd": Decimal(0), "usage": {}} for _ in range(count)]
    units = int(call.cost_usd / COST_UNIT)
    return [
        {
            "cost_usd": _part(units, index, count) * COST_UNIT,
            "usage": {
                kind: _part(getattr(call, field), index, count)
                for kind, field in USAGE_FIELDS.items()
            },
        }
        for index in range(count)
    ]


def _part(total: int, index: int, count: int) -> int:
    return total * (index + 1) // count - total * index // count


def _added(before: Mapping[str, int], share: Mapping[str, int]) -> dict[str, int]:
    return {kind: before.get(kind, 0) + share.get(kind, 0) for kind in {*before, *share}}
