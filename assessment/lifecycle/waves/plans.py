"""The pairs of a batch's next wave, from its rows and the settings."""

from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np

from assessment.conf import get_settings
from assessment.lifecycle.waves.pair_requests import setting_of
from assessment.lifecycle.waves.prices import Pricing
from assessment.measurement.bradley_terry import Fit
from assessment.models import Batch, ComparisonPair, Essay
from assessment.modes import LLMBatchingMode
from assessment.pairing.means import Means
from assessment.pairing.plans import WaveRules, next_wave
from assessment.pairing.specified import next_specified
from assessment.pairing.states import IntArray, PairingState, text_numbers
from assessment.pairing.waves import NO_BLOCK, WavePlan
from llmprovider.contracts import Document, bills
from llmprovider.contracts import queue as judge_queue


def plan_next_wave(batch: Batch, fit: Fit | None = None) -> WavePlan:
    """The pairs of the batch's next wave, from its rows; empty when no pair can be made.

    `fit` is what the judgements so far say; without one, pairs are chosen without scores.
    """
    mode = LLMBatchingMode(batch.llm_batching_mode)
    room, number = batch.total_budget - batch.submitted, batch.waves.count() + 1
    if batch.specified_pairs is not None:
        # Every row so far is one of the caller's pairs, in their order.
        return specified_plan(batch.specified_pairs, mode, batch.pairs.count(), room)
    return next_wave(
        pairing_state(batch, fit),
        wave_rules(),
        mode=mode,
        strategy=batch.pairing_strategy,
        room=room,
        seed=batch.seed,
        number=number,
        means=_means(batch, number),
    )


def specified_plan(
    wanted: Sequence[Sequence[int]], mode: LLMBatchingMode, sent: int, room: int
) -> WavePlan:
    """The next of the caller's pairs, after the `sent` first of them, `room` at most."""
    if mode is not LLMBatchingMode.PROVIDER_BATCH_API:
        room = min(room, wave_rules().most)
    pairs = next_specified(wanted, sent, room)
    return WavePlan("specified", pairs, np.full(len(pairs), NO_BLOCK, dtype=np.int64))


def _means(batch: Batch, number: int) -> Means | None:
    """What the batch's money cap leaves; None without one, and where nothing is left to weigh."""
    if batch.money_cap is None:
        return None
    totals = bills.totals_of(str(batch.pk))
    left = batch.money_cap - totals["cost_usd"] - totals["reserved_usd"]
    if left <= 0:
        return None

    @cache
    def pricing() -> Pricing:
        essays = batch.essays.order_by("position")
        documents = [Document(id=str(essay.pk), text=essay.text) for essay in essays]
        return Pricing(documents, setting_of(batch), batch.seed, number)

    # Texts are read only where a price is asked for: hardly ever after the first wave.
    return Means(left, lambda plan: pricing()(plan))


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
    essays = list(batch.essays.order_by("position").values_list("role", "sha256"))
    live = (ComparisonPair.Status.PENDING, ComparisonPair.Status.SUCCEEDED)
    rows = list(
        batch.pairs.filter(status__in=live)
        .order_by("id")
        .values_list("essay_a__position", "essay_b__position", "status")
    )
    return PairingState(
        n=len(essays),
        is_anchor=np.array([role == Essay.Role.ANCHOR for role, _ in essays], dtype=bool),
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
        texts=text_numbers([sha256 for _, sha256 in essays]),
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
