"""Recording results: each answer to its pair, once, with the counters, in one transaction."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from assessment.log_names import fields_of
from assessment.metrics import LATE_RESULTS, ORPHAN_CALLBACKS
from assessment.models import Batch, ComparisonPair, PairAttempt, Wave
from llmprovider.contracts import ComparisonResult, ErrorType
from llmprovider.contracts import queue as judge_queue
from llmprovider.contracts.counting import count
from llmprovider.contracts.log_contexts import batch_context
from llmprovider.contracts.log_events import tell

log = logging.getLogger(__name__)

# The one service that sends results here.
SOURCE_SERVICE = "llm_provider_service"


def record_parcel(parcel: str) -> list[Wave]:
    """Record every finished result of a parcel, some hundred at a time, that is not recorded yet.

    Returns the waves that have no pending comparison left. May run twice, or twice at once:
    a result is recorded only for the attempt its pair is waiting for.
    """
    complete: dict[int, Wave] = {}
    while results := judge_queue.results_of(parcel):
        complete |= {wave.pk: wave for wave in record_results(results)}
    return list(complete.values())


def record_results(results: Sequence[ComparisonResult]) -> list[Wave]:
    """Record some results; returns the waves that have no pending comparison left."""
    ids = [result.correlation_id for result in results]
    batch_ids = set(
        PairAttempt.objects.filter(correlation_id__in=ids).values_list("pair__batch", flat=True)
    )
    with transaction.atomic():
        # The lock serialises all who record for a batch, so that no count is lost.
        batches = {
            batch.pk: batch
            for batch in Batch.objects.select_for_update().filter(pk__in=batch_ids).order_by("pk")
        }
        waves = _record(results, batches, timezone.now())
        judge_queue.acknowledge(ids)
    return waves


def _record(
    results: Sequence[ComparisonResult], batches: dict[int, Batch], now: datetime
) -> list[Wave]:
    attempts = {
        attempt.correlation_id: attempt
        for attempt in PairAttempt.objects.filter(
            correlation_id__in=[result.correlation_id for result in results]
        ).select_related("pair__wave")
    }
    touched: dict[int, Wave] = {}
    for result in results:
        attempt = attempts.get(result.correlation_id)
        if attempt is None:
            count(ORPHAN_CALLBACKS, source_service=SOURCE_SERVICE)
            with batch_context(result.request_metadata.get("cj_batch_id", "-")):
                tell(
                    log,
                    logging.WARNING,
                    "orphan_result",
                    source=SOURCE_SERVICE,
                    correlation=result.correlation_id,
                    request=result.request_id,
                    batch=result.request_metadata.get("cj_batch_id", "-"),
                    provider=result.provider,
                    model=result.model,
                )
            continue
        if attempt.outcome != PairAttempt.Outcome.WAITING:
            continue
        batch = batches[attempt.pair.batch_id]
        late = (
            batch.ended
            or batch.status == Batch.Status.SCORING
            or attempt.pair.status != ComparisonPair.Status.PENDING
            or attempt.pair.correlation_id != result.correlation_id
        )
        attempt.outcome = PairAttempt.Outcome.LATE if late else PairAttempt.Outcome.RECORDED
        attempt.result = result.model_dump(mode="json", include=_AUDITED)
        attempt.answered_at = now
        attempt.save(update_fields=["outcome", "result", "answered_at"])
        if late:
            count(LATE_RESULTS, status=str(batch.status))
            tell(
                log,
                logging.WARNING,
                "late_result",
                **fields_of(batch),
                correlation=result.correlation_id,
                status=batch.status,
            )
            continue
        _apply(result, attempt.pair, batch, now)
        touched[attempt.pair.wave_id] = attempt.pair.wave
    for batch in batches.values():
        if not batch.ended:
            batch.last_activity_at = now
            batch.save(update_fields=["submitted", "completed", "failed", "last_activity_at"])
    waiting = set(
        ComparisonPair.objects.filter(
            wave__in=touched, status=ComparisonPair.Status.PENDING
        ).values_list("wave_id", flat=True)
    )
    return [wave for wave in touched.values() if wave.pk not in waiting]


_AUDITED = {
    "winner",
    "confidence",
    "justification",
    "error_detail",
    "provider",
    "model",
    "cost_usd",
    "completed_at",
}


def _apply(result: ComparisonResult, pair: ComparisonPair, batch: Batch, now: datetime) -> None:
    """Store the outcome on the pair and count it on its (locked) batch."""
    pair.completed_at = now
    pair.model = result.model
    pair.cost_usd += result.cost_usd
    pair.result_metadata = result.request_metadata
    if result.winner is not None:
        pair.status = ComparisonPair.Status.SUCCEEDED
        pair.winner = result.winner
        pair.confidence = result.confidence
        pair.justification = result.justification or ""
        batch.completed += 1
    elif result.error_detail and result.error_detail.error_type is ErrorType.CANCELLED:
        # Never sent: it is no answer, and its place in the budget is free again.
        pair.status = ComparisonPair.Status.WITHDRAWN
        batch.submitted -= 1
    else:
        pair.status = ComparisonPair.Status.FAILED
        pair.error = result.error_detail.model_dump(mode="json") if result.error_detail else {}
        batch.failed += 1
    pair.save()
