"""Launching a wave: pairs and queue items in one transaction, messages once it is committed."""

import logging
import uuid
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from assessment.conf import get_settings
from assessment.dealing import deal
from assessment.lifecycle import messages
from assessment.lifecycle.requests import (
    Asking,
    Setting,
    comparison_requests,
    judges_of,
    preferred_bundle_size,
)
from assessment.measurement.bradley_terry import Fit
from assessment.models import Batch, ComparisonPair, Essay, PairAttempt, Wave
from assessment.modes import LLMBatchingMode
from assessment.pairing.plans import WaveRules, next_wave
from assessment.pairing.specified import next_specified
from assessment.pairing.states import IntArray, PairingState
from assessment.pairing.waves import NO_BLOCK, WavePlan
from llmprovider.contracts import BatchFill, ComparisonRequest, Document, Instructions
from llmprovider.contracts import queue as judge_queue

log = logging.getLogger(__name__)


def plan_next_wave(batch: Batch, fit: Fit | None = None) -> WavePlan:
    """The pairs of the batch's next wave, from its rows; empty when no pair can be made.

    `fit` is what the judgements so far say; without one, pairs are chosen without scores.
    """
    if batch.specified_pairs is not None:
        return _specified_wave(batch, batch.specified_pairs)
    return next_wave(
        pairing_state(batch, fit),
        wave_rules(),
        mode=LLMBatchingMode(batch.llm_batching_mode),
        strategy=batch.pairing_strategy,
        room=batch.total_budget - batch.submitted,
        seed=batch.seed,
        number=batch.waves.count() + 1,
    )


def _specified_wave(batch: Batch, wanted: Sequence[Sequence[int]]) -> WavePlan:
    """The next of the caller's pairs: every row so far is one of them, in their order."""
    room = batch.total_budget - batch.submitted
    if LLMBatchingMode(batch.llm_batching_mode) is not LLMBatchingMode.PROVIDER_BATCH_API:
        room = min(room, wave_rules().most)
    pairs = next_specified(wanted, batch.pairs.count(), room)
    return WavePlan("specified", pairs, np.full(len(pairs), NO_BLOCK, dtype=np.int64))


def wave_rules() -> WaveRules:
    """The settings that bear on the size of a wave."""
    settings = get_settings()
    return WaveRules(
        minimum=settings.COMPARISONS_PER_STABILITY_CHECK_ITERATION,
        most=min(settings.MAX_CONCURRENT_COMPARISONS, judge_queue.capacity()),
        iterative=settings.ENABLE_ITERATIVE_BATCHING_LOOP,
    )


def pairing_state(batch: Batch, fit: Fit | None = None) -> PairingState:
    """What the pair generator may know: who met whom so far, and what the judgements say."""
    roles = list(batch.essays.order_by("position").values_list("role", flat=True))
    live = (ComparisonPair.Status.PENDING, ComparisonPair.Status.SUCCEEDED)
    rows = list(
        batch.pairs.filter(status__in=live)
        .order_by("id")
        .values_list("essay_a__position", "essay_b__position", "status")
    )
    return PairingState(
        n=len(roles),
        is_anchor=np.array([role == Essay.Role.ANCHOR for role in roles], dtype=bool),
        first=np.array([row[0] for row in rows], dtype=np.int64),
        second=np.array([row[1] for row in rows], dtype=np.int64),
        succeeded=np.array([row[2] == ComparisonPair.Status.SUCCEEDED for row in rows], dtype=bool),
        scores=fit.scores if fit else None,
        se=fit.se if fit else None,
        covariance=fit.covariance if fit else None,
        compare_anchors=batch.compare_anchors,
        judgements_per_pair=batch.judgements_per_pair,
        balance_positions=get_settings().ENABLE_COMPARISON_POSITION_BALANCING,
        closed=_closed_pairs(batch),
    )


# A pair that failed in its wave, retries included, is proposed once more in a later one.
MAX_PROPOSALS = 2


def _closed_pairs(batch: Batch) -> IntArray:
    """(k, 2) essay positions of failed pairs that must not be proposed again."""
    failed = batch.pairs.filter(status=ComparisonPair.Status.FAILED).values_list(
        "essay_a__position", "essay_b__position", "error"
    )
    proposals: Counter[tuple[int, int]] = Counter()
    hopeless = set()
    for a, b, error in failed:
        key = (min(a, b), max(a, b))
        proposals[key] += 1
        if not error.get("retryable"):
            hopeless.add(key)
    closed = {key for key, count in proposals.items() if count >= MAX_PROPOSALS} | hopeless
    return np.array(sorted(closed), dtype=np.int64).reshape(-1, 2)


def launch_wave(batch: Batch, plan: WavePlan) -> Wave:
    """Store the wave, its pairs and their queue items; send the messages on commit.

    The caller holds the batch's row lock and its transaction. Raises QueueFull, storing nothing.
    """
    number = batch.waves.count() + 1
    now = timezone.now()
    essays = list(batch.essays.order_by("position"))
    wave = Wave.objects.create(batch=batch, number=number, kind=plan.kind, size=len(plan.pairs))
    pairs = _store_pairs(batch, wave, plan, essays)
    batch.submitted += len(pairs)
    batch.last_activity_at = now
    batch.save(update_fields=["submitted", "last_activity_at"])
    _submit(batch, wave, pairs, essays, ComparisonPair.RequestType.COMPARISON)
    log.info(
        "launched batch=%s wave=%d kind=%s mode=%s comparisons=%d submitted=%d budget=%d",
        batch.pk,
        number,
        wave.kind,
        batch.llm_batching_mode,
        len(pairs),
        batch.submitted,
        batch.total_budget,
    )
    return wave


def relaunch_failed(batch: Batch, wave: Wave, failed: Sequence[ComparisonPair]) -> None:
    """Ask the wave's failed comparisons again, on the same rows, as a new round of the wave.

    The caller holds the batch's row lock and its transaction.
    """
    now = timezone.now()
    wave.round += 1
    wave.save(update_fields=["round"])
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
    batch.last_activity_at = now
    batch.save(update_fields=["failed", "last_activity_at"])
    essays = list(batch.essays.order_by("position"))
    _submit(batch, wave, failed, essays, ComparisonPair.RequestType.RETRY)


def _store_pairs(
    batch: Batch, wave: Wave, plan: WavePlan, essays: Sequence[Essay]
) -> list[ComparisonPair]:
    shown = Counter(batch.pairs.values_list("essay_a_id", "essay_b_id"))
    groups = [int(group) for group in plan.groups]
    judges = deal(groups, len(batch.judges), seed=batch.seed, wave=wave.number)
    pairs = []
    for (first, second), group, judge in zip(plan.pairs.tolist(), groups, judges, strict=True):
        a, b = essays[first], essays[second]
        shown[a.pk, b.pk] += 1
        pairs.append(
            ComparisonPair(
                batch=batch,
                wave=wave,
                essay_a=a,
                essay_b=b,
                repeat=shown[a.pk, b.pk],
                block=group if group >= 0 else None,
                judge=judge,
                provider=batch.judges[judge]["provider"],
                model=batch.judges[judge]["model"],
            )
        )
    ComparisonPair.objects.bulk_create(pairs, batch_size=500)
    return pairs


def _submit(
    batch: Batch,
    wave: Wave,
    pairs: Sequence[ComparisonPair],
    essays: Sequence[Essay],
    request_type: ComparisonPair.RequestType,
) -> None:
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
    chains = judge_queue.submit(_requests(batch, wave, pairs, essays, request_type))
    key = (batch.pk, wave.number, wave.round)
    transaction.on_commit(lambda: messages.judge_wave(chains, *key))


def cheapest_call(batch: Batch, wave: Wave) -> Decimal | None:
    """USD that the least of the wave's calls can cost at most; None where no price is known."""
    essays = list(batch.essays.order_by("position"))
    pairs = list(wave.pairs.order_by("id"))
    kind = ComparisonPair.RequestType.COMPARISON
    return judge_queue.cheapest_call(_requests(batch, wave, pairs, essays, kind))


def _requests(
    batch: Batch,
    wave: Wave,
    pairs: Sequence[ComparisonPair],
    essays: Sequence[Essay],
    request_type: ComparisonPair.RequestType,
) -> list[ComparisonRequest]:
    documents = {essay.pk: Document(id=str(essay.pk), text=essay.text) for essay in essays}
    preferred = preferred_bundle_size(len(pairs))
    setting = Setting(
        instructions=Instructions(
            system_prompt=batch.system_prompt, task=batch.task, rubric=batch.rubric
        ),
        judges=judges_of(batch.judges, batch.llm_config_overrides),
        mode=LLMBatchingMode(batch.llm_batching_mode),
        batch_key=str(batch.pk),
        bundle_size_override=batch.bundle_size_override,
        batch_fill=BatchFill(batch.batch_fill) if batch.batch_fill else None,
        money_cap=batch.money_cap,
    )
    askings = [
        Asking(
            first=documents[pair.essay_a_id],
            second=documents[pair.essay_b_id],
            judge=pair.judge,
            group=f"{wave.number}.{wave.round}.{pair.block}" if pair.block is not None else None,
            correlation_id=pair.correlation_id,
            occasion=f"{pair.repeat}.{pair.attempts}",
            metadata=_metadata(batch, wave, pair, request_type, preferred),
        )
        for pair in pairs
    ]
    return comparison_requests(askings, setting)


def _metadata(
    batch: Batch,
    wave: Wave,
    pair: ComparisonPair,
    request_type: ComparisonPair.RequestType,
    preferred_bundle_size: int,
) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "request_correlation_id": str(pair.correlation_id),
        "essay_a_id": str(pair.essay_a_id),
        "essay_b_id": str(pair.essay_b_id),
        "cj_batch_id": str(batch.pk),
        "cj_source": batch.cj_source,
        "cj_request_type": request_type.value,
    }
    if batch.bos_batch_id:
        metadata["bos_batch_id"] = batch.bos_batch_id
    if get_settings().ENABLE_LLM_BATCHING_METADATA_HINTS:
        metadata["cj_llm_batching_mode"] = batch.llm_batching_mode
        metadata["comparison_iteration"] = wave.number
        metadata["preferred_bundle_size"] = preferred_bundle_size
    return metadata
