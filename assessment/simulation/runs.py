"""A whole batch without a database: the real pairs, fit, stability and decisions, wave by wave."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from assessment.continuation import Decision, Snapshot, Verdict, decide
from assessment.measurement.bradley_terry import Fit, fit
from assessment.measurement.correlations import tau_b
from assessment.measurement.reliability import marginal_reliability
from assessment.measurement.stability import check_stability, previous_scores
from assessment.pairing.budgets import completion_denominator, eligible_pairs
from assessment.pairing.plans import next_wave
from assessment.pairing.states import FloatArray
from assessment.pairing.waves import WavePlan
from assessment.simulation.books import Book
from assessment.simulation.calls import Sent, sent
from assessment.simulation.scenarios import Scenario

# Reasons to end that a run may ignore, to see what more comparisons would have brought.
EARLY_REASONS = ("stable", "reliability_reached", "max_iterations")


@dataclass(frozen=True)
class WaveRow:
    """A simulated batch after a wave.

    comparisons: verdicts so far; per_essay: how many of them an essay took part in, on average.
    true_r2, tau: squared correlation and Kendall's tau-b of scores and true qualities, 0 while the
        scores do not differ.
    printed: the reliability a user would read, None while it is not shown.
    change: scaled change of the scores, None at first. new: verdicts of this wave.
    texts, calls: sent so far, retries included. failed: comparisons that ended without a verdict.
    stop_reason: why the batch ends here, None while it goes on. After an early end it stays None
        in a run that goes on regardless.
    """

    seed: int
    wave: int
    comparisons: int
    per_essay: float
    true_r2: float
    tau: float
    printed: float | None
    change: float | None
    new: int
    submitted: int
    failed: int
    texts: int
    calls: int
    stop_reason: str | None


@dataclass(frozen=True)
class Measured:
    """Scores after a wave, and what the decision needs to know about them."""

    fit: Fit
    printed: float | None
    change: float | None
    new: int
    stable: bool


def run(scenario: Scenario, seed: int, *, to_the_end: bool = False) -> list[WaveRow]:
    """Simulate one batch; a row per wave, the last (or an earlier one) with the stop reason.

    to_the_end: note an early end, and go on until the budget or the pairs are used up.
    The same scenario and seed give the same rows. Raises ValueError for a budget below 1.
    """
    return list(_waves(scenario, seed, to_the_end))


def _waves(scenario: Scenario, seed: int, to_the_end: bool) -> Iterator[WaveRow]:
    book = Book(scenario, seed)
    total = Sent()
    measured: Measured | None = None
    ended = False
    number = 1
    plan = _plan(book, seed, number, measured)
    while len(plan):
        book.judge_wave(number, plan.pairs)
        total += sent(plan.pairs, plan.groups, scenario.mode)
        rounds = 1
        while True:
            measured = measure(book, number, measured)
            verdict = decide(_snapshot(book, measured, number, rounds), scenario.limits)
            if verdict.decision is not Decision.RETRY_FAILED:
                break
            rows = book.retryable(number)
            book.judge_again(rows)
            groups = plan.groups[rows - (book.submitted - len(plan))]
            total += sent(book.pairs[rows], groups, scenario.mode)
            rounds += 1
        goes_on = verdict.decision is Decision.REQUEST_MORE or (
            to_the_end and verdict.stop_reason in EARLY_REASONS
        )
        plan = _plan(book, seed, number + 1, measured) if goes_on else plan
        if verdict.decision is Decision.REQUEST_MORE and not len(plan):
            snapshot = replace(_snapshot(book, measured, number, rounds), more_pairs=False)
            verdict = decide(snapshot, scenario.limits)
        yield _row(book, seed, number, measured, total, None if ended else verdict)
        ended = ended or verdict.stop_reason is not None
        if not goes_on:
            return
        number += 1


def _plan(book: Book, seed: int, number: int, measured: Measured | None) -> WavePlan:
    scenario = book.scenario
    blind = measured is None or scenario.strategy == "random"
    state = (
        book.pairing_state(None)
        if blind or measured is None
        else book.pairing_state(measured.fit.scores, measured.fit.se, measured.fit.covariance)
    )
    return next_wave(
        state,
        scenario.rules,
        mode=scenario.mode,
        strategy="balanced" if scenario.strategy == "random" else scenario.strategy,
        room=scenario.budget - book.submitted,
        seed=seed,
        number=number,
    )


def measure(book: Book, number: int, earlier: Measured | None) -> Measured:
    """Fit all verdicts so far, and compare with what was known before wave `number`."""
    scenario, n = book.scenario, book.scenario.size
    first, second = book.pairs[book.succeeded].T
    won = book.first_won[book.succeeded]
    current = fit(n, first, second, won, start=earlier.fit.scores if earlier else None)
    before = int((book.wave[book.succeeded] < number).sum())
    previous = previous_scores(n, first, second, won, before, sigma=current.sigma)
    # Its value alone is used: an interval from the whole profile would take most of a run's time.
    reliability = marginal_reliability(replace(current, sigma_estimated=False))
    new = len(won) - before
    stability = check_stability(
        previous,
        current,
        n=n,
        successes=len(won),
        new_successes=new,
        success_rate=book.completed / book.submitted,
        threshold=scenario.stability_threshold,
        min_comparisons=scenario.min_comparisons,
        min_success_rate=scenario.limits.min_success_rate,
        reliability=reliability,
    )
    return Measured(current, reliability.value, stability.max_score_change, new, stability.stable)


def _snapshot(book: Book, measured: Measured, number: int, rounds: int) -> Snapshot:
    scenario = book.scenario
    eligible = eligible_pairs(
        scenario.size - scenario.anchors, scenario.anchors, scenario.compare_anchors
    )
    denominator = completion_denominator(scenario.budget, eligible, scenario.judgements_per_pair)
    return Snapshot(
        mode=scenario.mode,
        pending=0,
        completed=book.completed,
        failed=book.submitted - book.completed,
        submitted=book.submitted,
        total_budget=scenario.budget,
        denominator=denominator,
        waves=number,
        rounds_of_wave=rounds,
        retryable_failures=len(book.retryable(number)),
        waves_without_success=book.waves_without_success(),
        all_eligible_succeeded=book.completed >= eligible * scenario.judgements_per_pair,
        stable=measured.stable,
        reliability=measured.printed,
    )


def _row(
    book: Book, seed: int, number: int, measured: Measured, total: Sent, verdict: Verdict | None
) -> WaveRow:
    scores = measured.fit.scores
    return WaveRow(
        seed=seed,
        wave=number,
        comparisons=book.completed,
        per_essay=2.0 * book.completed / book.scenario.size,
        true_r2=squared_correlation(scores, book.truth),
        tau=rank_correlation(scores, book.truth),
        printed=measured.printed,
        change=measured.change,
        new=measured.new,
        submitted=book.submitted,
        failed=book.submitted - book.completed,
        texts=total.texts,
        calls=total.calls,
        stop_reason=verdict.stop_reason if verdict else None,
    )


def squared_correlation(scores: FloatArray, truth: FloatArray) -> float:
    """Squared Pearson correlation; 0 where one of the two does not vary."""
    if np.ptp(scores) < 1e-12 or np.ptp(truth) < 1e-12:
        return 0.0
    return float(np.corrcoef(scores, truth)[0, 1] ** 2)


def rank_correlation(scores: FloatArray, truth: FloatArray) -> float:
    """Kendall's tau-b; 0 where one of the two does not vary."""
    tau = float(tau_b(scores, truth)[0])
    return tau if np.isfinite(tau) else 0.0
