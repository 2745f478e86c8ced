"""Weighing a wave: fit outside the lock, then decide and act inside it, once per round."""

import logging
from dataclasses import replace
from datetime import datetime

import numpy as np
from django.db import transaction
from django.utils import timezone

from assessment.conf import get_settings
from assessment.continuation import Decision, Limits, Snapshot, Verdict, decide
from assessment.intake.forewarnings import no_call_fits
from assessment.lifecycle import messages
from assessment.lifecycle.scores.measuring import Measurement, measure
from assessment.lifecycle.waves.launching import launch_wave, relaunch_failed
from assessment.lifecycle.waves.pair_requests import cheapest_call
from assessment.lifecycle.waves.plans import plan_next_wave
from assessment.log_names import fields_of
from assessment.metrics import WORKFLOW_DECISIONS
from assessment.models import Batch, ComparisonPair, Wave
from assessment.modes import LLMBatchingMode
from assessment.pairing.budgets import eligible_among
from assessment.pairing.waves import WavePlan
from llmprovider.contracts import queue as judge_queue
from llmprovider.contracts.counting import count
from llmprovider.contracts.faults import fault_of
from llmprovider.contracts.log_events import tell

log = logging.getLogger(__name__)


def finish_wave(batch_id: int, wave_number: int, wave_round: int) -> None:
    """Score, decide and go on, exactly once per (wave, round).

    The fit runs before the batch is locked; if a result arrived meanwhile, the answer that came
    last calls this again. A crash at any line leaves the round unfinished, to be called again.
    """
    batch = Batch.objects.get(pk=batch_id)
    wave = Wave.objects.get(batch=batch, number=wave_number)
    # Most rounds are asked for twice, by the chord and by the last result; fitting takes time.
    if batch.status != Batch.Status.COMPARING or not _open(wave, wave_round):
        return
    try:
        measurement = measure(batch)
    except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
        tell(log, logging.ERROR, "batch_not_measured", **fields_of(batch), fault=fault_of(error))
        _give_up(batch, f"measuring failed: {type(error).__name__}")
        return
    try:
        with transaction.atomic():
            batch = Batch.objects.select_for_update().get(pk=batch_id)
            wave = Wave.objects.get(batch=batch, number=wave_number)
            if batch.status != Batch.Status.COMPARING or not _open(wave, wave_round):
                return
            if measurement.successes != batch.completed:
                # Results came in meanwhile; not at once, as measuring takes time.
                messages.finish_wave(batch_id, wave_number, wave_round, wait=1.0)
                return
            _weigh(batch, wave, measurement)
    except judge_queue.QueueFull as full:
        tell(log, logging.WARNING, "batch_waits_for_room", **fields_of(batch), why=full)


def _give_up(batch: Batch, why: str) -> None:
    """Measuring the same rows again would fail the same way: end the batch, and say so."""
    with transaction.atomic():
        if batch.step_to(
            Batch.Status.SCORING, stop_reason=Batch.StopReason.INTERNAL_ERROR, failure=why
        ):
            transaction.on_commit(lambda: messages.finalise_batch(batch.pk))


def _open(wave: Wave, wave_round: int) -> bool:
    return wave.round == wave_round and wave.finished_round < wave_round and wave.launched


def _weigh(batch: Batch, wave: Wave, measurement: Measurement) -> None:
    """Decide and act; the caller holds the lock, so the counts are fresh."""
    retryable = list(_retryable(wave))
    plan: WavePlan | None = None
    snapshot = _snapshot(batch, wave, measurement, len(retryable))
    limits = limits_in_force(batch.reliability_target)
    verdict = decide(snapshot, limits)
    if verdict.decision is Decision.REQUEST_MORE:
        plan = plan_next_wave(batch, measurement.fit if measurement.successes else None)
        if not len(plan.pairs):
            verdict = decide(
                _without_more_pairs(snapshot), limits_in_force(batch.reliability_target)
            )
    count(WORKFLOW_DECISIONS, decision=str(verdict.decision))
    tell(
        log,
        logging.INFO,
        "decision",
        **fields_of(batch),
        wave=wave.number,
        round=wave.round,
        decision=verdict.decision,
        reason=verdict.stop_reason or None,
        callbacks=batch.callbacks,
        of=batch.completion_denominator,
    )
    if verdict.decision is Decision.WAIT:
        return
    _close_round(wave, measurement, verdict, timezone.now())
    if verdict.decision is Decision.RETRY_FAILED:
        relaunch_failed(batch, wave, retryable)
    elif verdict.decision is Decision.REQUEST_MORE and plan is not None:
        launch_wave(batch, plan)
    else:
        failing = verdict.decision is Decision.FINALIZE_FAILURE
        batch.step_to(
            Batch.Status.SCORING,
            stop_reason=verdict.stop_reason,
            failure=verdict.why[:500] if failing else "",
        )
        transaction.on_commit(lambda: messages.finalise_batch(batch.pk))


def _close_round(wave: Wave, measurement: Measurement, verdict: Verdict, now: datetime) -> None:
    wave.finished_round = wave.round
    wave.finished_at = now
    wave.decision = verdict.decision
    wave.reason = _why(verdict, measurement)[:600]
    wave.successes = measurement.successes
    wave.max_score_change = measurement.max_score_change
    wave.reliability = measurement.reliability.value
    wave.sigma = measurement.fit.sigma
    wave.scores = [float(score) for score in measurement.fit.scores]
    wave.save()


def _why(verdict: Verdict, measurement: Measurement) -> str:
    if verdict.decision is Decision.REQUEST_MORE and measurement.unsettled:
        return f"{verdict.why}: {'; '.join(measurement.unsettled)}"
    return verdict.why


def _retryable(wave: Wave) -> list[ComparisonPair]:
    rounds = get_settings().MAX_RETRY_ATTEMPTS
    failed = wave.pairs.filter(status=ComparisonPair.Status.FAILED, attempts__lte=rounds).order_by(
        "id"
    )
    return [pair for pair in failed if pair.error and pair.error.get("retryable")]


def limits_in_force(reliability_target: float | None = None) -> Limits:
    """The settings that bear on the decision; the target is the batch's own."""
    settings = get_settings()
    return Limits(
        max_retry_rounds=settings.MAX_RETRY_ATTEMPTS,
        max_consecutive_failed_waves=settings.MAX_CONSECUTIVE_FAILED_WAVES,
        min_success_rate=settings.MIN_SUCCESS_RATE_THRESHOLD,
        max_iterations=settings.MAX_ITERATIONS,
        iterative=settings.ENABLE_ITERATIVE_BATCHING_LOOP,
        reliability_target=reliability_target,
    )


def _snapshot(batch: Batch, wave: Wave, measurement: Measurement, retryable: int) -> Snapshot:
    pairs = batch.pairs
    outage = (
        pairs.filter(wave=wave, status=ComparisonPair.Status.FAILED, error__outage=True)
        .values_list("error__message", flat=True)
        .first()
    )
    capped = pairs.filter(status=ComparisonPair.Status.WITHDRAWN).exists()
    return Snapshot(
        mode=LLMBatchingMode(batch.llm_batching_mode),
        pending=pairs.filter(status=ComparisonPair.Status.PENDING).count(),
        completed=batch.completed,
        failed=batch.failed,
        submitted=batch.submitted,
        total_budget=batch.total_budget,
        denominator=batch.completion_denominator,
        waves=wave.number,
        rounds_of_wave=wave.round,
        retryable_failures=retryable,
        waves_without_success=_waves_without_success(batch),
        all_eligible_succeeded=_all_eligible_succeeded(batch),
        cost_cap_reached=capped,
        money_capped=batch.money_cap is not None,
        cap_words=_cap_words(batch, wave) if capped and not batch.callbacks else "",
        outage=outage,
        # Who names the comparisons wants them all, settled or not.
        stable=measurement.stable and batch.specified_pairs is None,
        reliability=measurement.reliability.value,
    )


def _cap_words(batch: Batch, wave: Wave) -> str:
    """Why nothing was judged: no call fits under the cap."""
    cap, least = batch.money_cap, cheapest_call(batch, wave)
    if cap is None or least is None:
        return ""
    return no_call_fits(cap, least)


def _without_more_pairs(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, more_pairs=False)


def _waves_without_success(batch: Batch) -> int:
    """Waves at the end of the batch, this one included, in which nothing succeeded."""
    succeeded = set(
        batch.pairs.filter(status=ComparisonPair.Status.SUCCEEDED)
        .values_list("wave__number", flat=True)
        .distinct()
    )
    count = 0
    for number in batch.waves.order_by("-number").values_list("number", flat=True):
        if number in succeeded:
            break
        count += 1
    return count


def _all_eligible_succeeded(batch: Batch) -> bool:
    if batch.specified_pairs is not None:
        return batch.completed >= len(batch.specified_pairs)
    essays = list(batch.essays.values_list("role", "sha256"))
    eligible = eligible_among(
        [role == "anchor" for role, _ in essays],
        [text for _, text in essays],
        batch.compare_anchors,
    )
    return batch.completed >= eligible * batch.judgements_per_pair
