"""Rows of a launch: the pairs of a wave, the failed ones to be asked again, and each asking.

Every function runs in the transaction of a caller who holds the batch's row lock, and keeps the
counters right, so a launch may stop after any of them.
"""

import uuid
from collections import Counter
from collections.abc import Sequence

from django.utils import timezone

from assessment.dealing import deal
from assessment.models import Batch, ComparisonPair, Essay, PairAttempt, Wave
from assessment.pairing.waves import NO_BLOCK, WavePlan

# Essay positions of the first and the second, block or NO_BLOCK, judge, repeat.
PlannedPair = Sequence[int]


def planned_pairs(batch: Batch, number: int, plan: WavePlan) -> list[PlannedPair]:
    """The pairs of wave `number`, ready to be stored, as plain numbers."""
    shown = Counter(batch.pairs.values_list("essay_a__position", "essay_b__position"))
    groups = [int(group) for group in plan.groups]
    judges = deal(groups, len(batch.judges), seed=batch.seed, wave=number)
    planned = []
    for (first, second), group, judge in zip(plan.pairs.tolist(), groups, judges, strict=True):
        shown[first, second] += 1
        planned.append([first, second, group, judge, shown[first, second]])
    return planned


def store_pairs(
    batch: Batch, wave: Wave, planned: Sequence[PlannedPair], essays: Sequence[Essay]
) -> list[ComparisonPair]:
    """The next pairs of the wave. `essays`: all of the batch's, by position."""
    pairs = [
        ComparisonPair(
            batch=batch,
            wave=wave,
            essay_a=essays[first],
            essay_b=essays[second],
            repeat=repeat,
            block=group if group != NO_BLOCK else None,
            judge=judge,
            provider=batch.judges[judge]["provider"],
            model=batch.judges[judge]["model"],
        )
        for first, second, group, judge, repeat in planned
    ]
    ComparisonPair.objects.bulk_create(pairs, batch_size=500)
    wave.size += len(pairs)
    wave.save(update_fields=["size"])
    batch.submitted += len(pairs)
    batch.last_activity_at = timezone.now()
    batch.save(update_fields=["submitted", "last_activity_at"])
    return pairs


def reset_pairs(batch: Batch, failed: Sequence[ComparisonPair]) -> None:
    """Failed pairs are pending again, under a new correlation id."""
    for pair in failed:
        pair.correlation_id = uuid.uuid4()
        pair.attempts += 1
        pair.status = ComparisonPair.Status.PENDING
        pair.error = None
        pair.completed_at = None
    ComparisonPair.objects.bulk_update(
        failed, ["correlation_id", "attempts", "status", "error", "completed_at"], batch_size=500
    )
    batch.failed -= len(failed)
    batch.last_activity_at = timezone.now()
    batch.save(update_fields=["failed", "last_activity_at"])


def store_attempts(
    pairs: Sequence[ComparisonPair], request_type: ComparisonPair.RequestType
) -> None:
    """That each of the pairs is asked, which goes with its item in the queue."""
    PairAttempt.objects.bulk_create(
        [
            PairAttempt(
                pair=pair,
                number=pair.attempts,
                correlation_id=pair.correlation_id,
                request_type=request_type,
            )
            for pair in pairs
        ],
        batch_size=500,
    )
