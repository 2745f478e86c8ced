"""The decision after a wave: every rule, and that the first that matches wins."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from assessment.continuation import Decision, Limits, Snapshot, Verdict, decide
from assessment.modes import LLMBatchingMode

LIMITS = Limits(
    max_retry_rounds=2,
    max_consecutive_failed_waves=2,
    min_success_rate=0.8,
    max_iterations=50,
    iterative=True,
)

# Nothing of note: 24 of 24 answered well, budget and pairs left, not stable.
ORDINARY = Snapshot(
    mode=LLMBatchingMode.SERIAL_BUNDLE,
    pending=0,
    completed=24,
    failed=0,
    submitted=24,
    total_budget=1_000,
    denominator=276,
    waves=2,
    rounds_of_wave=1,
    retryable_failures=0,
    waves_without_success=0,
    all_eligible_succeeded=False,
)


def decided(limits: Limits = LIMITS, **changes: object) -> tuple[Decision, str | None]:
    verdict = decide(replace(ORDINARY, **changes), limits)
    return verdict.decision, verdict.stop_reason


SCORE, FAIL = Decision.FINALIZE_SCORING, Decision.FINALIZE_FAILURE


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (Decision.REQUEST_MORE, None)),
        # 1. Somebody is still answering.
        ({"pending": 1}, (Decision.WAIT, None)),
        # 2.
        ({"cost_cap_reached": True}, (SCORE, "cost_cap")),
        # 3.
        ({"outage": "invalid key"}, (FAIL, "provider_outage")),
        # 4. Rounds 1 and 2 may be followed by a retry, the third is the last.
        ({"retryable_failures": 3, "rounds_of_wave": 1}, (Decision.RETRY_FAILED, None)),
        ({"retryable_failures": 3, "rounds_of_wave": 2}, (Decision.RETRY_FAILED, None)),
        ({"retryable_failures": 3, "rounds_of_wave": 3}, (Decision.REQUEST_MORE, None)),
        # 5. Nothing has ever succeeded.
        (
            {"completed": 0, "failed": 24, "waves_without_success": 2},
            (FAIL, "low_success_rate"),
        ),
        ({"completed": 0, "failed": 12, "waves_without_success": 1}, (Decision.REQUEST_MORE, None)),
        # ... or too little has, when the batch would end; in between it may get better.
        ({"completed": 12, "failed": 12}, (Decision.REQUEST_MORE, None)),
        ({"completed": 12, "failed": 12, "stable": True}, (FAIL, "low_success_rate")),
        ({"completed": 79, "failed": 21, "stable": True}, (FAIL, "low_success_rate")),
        ({"completed": 80, "failed": 20, "stable": True}, (SCORE, "stable")),
        # 6.
        (
            {"completed": 276, "submitted": 276, "all_eligible_succeeded": True},
            (SCORE, "coverage_complete"),
        ),
        (
            {"completed": 100, "submitted": 100, "total_budget": 100, "denominator": 100},
            (SCORE, "budget_exhausted"),
        ),
        ({"completed": 270, "failed": 6, "submitted": 276}, (SCORE, "pairs_exhausted")),
        # 7.
        ({"mode": LLMBatchingMode.PROVIDER_BATCH_API}, (SCORE, "single_wave")),
        # 8.
        ({"stable": True}, (SCORE, "stable")),
        # 10.
        ({"waves": 50}, (SCORE, "max_iterations")),
        ({"waves": 49}, (Decision.REQUEST_MORE, None)),
        # 11.
        ({"more_pairs": False}, (SCORE, "pairs_exhausted")),
    ],
)
def test_each_rule(changes, expected):
    """P-08, P-10, P-12, P-13, P-14"""
    assert decided(**changes) == expected


def test_a_reliability_target_ends_the_batch_only_when_it_is_reached():
    limits = replace(LIMITS, reliability_target=0.9)
    assert decided(limits, reliability=0.9) == (SCORE, "reliability_reached")
    assert decided(limits, reliability=0.89) == (Decision.REQUEST_MORE, None)
    assert decided(limits, reliability=None) == (Decision.REQUEST_MORE, None)
    assert decided(reliability=0.99) == (Decision.REQUEST_MORE, None)


def test_one_wave_only_when_the_loop_is_off():
    assert decided(replace(LIMITS, iterative=False)) == (SCORE, "single_iteration")


def test_no_retries_when_none_are_allowed():
    limits = replace(LIMITS, max_retry_rounds=0)
    assert decided(limits, retryable_failures=3) == (Decision.REQUEST_MORE, None)


def test_a_single_wave_that_was_made_to_fit_the_money_says_so():
    """It ends with comparisons that were never sent, though none was withdrawn."""
    sent = replace(
        ORDINARY, mode=LLMBatchingMode.PROVIDER_BATCH_API, submitted=12, completed=12, waves=1
    )
    assert decide(sent, LIMITS).stop_reason == "single_wave"
    capped = decide(replace(sent, money_capped=True), LIMITS)
    assert (capped.decision, capped.stop_reason) == (SCORE, "cost_cap")
    assert "money cap" in capped.why


def test_a_money_cap_before_any_success_is_no_result():
    """P-10, P-14: the cap is the cause, not the answers."""
    capped = replace(ORDINARY, cost_cap_reached=True, completed=0, cap_words="cap 1, call 2")
    verdict = decide(capped, LIMITS)
    assert (verdict.decision, verdict.stop_reason) == (FAIL, "cost_cap")
    assert verdict.why == "cap 1, call 2"


def test_a_money_cap_after_failures_alone_is_their_fault():
    """P-10"""
    assert decided(cost_cap_reached=True, completed=0, failed=3) == (FAIL, "low_success_rate")


@pytest.mark.parametrize("completed", range(0, 24, 5))
def test_every_few_completions_are_no_reason_to_end(completed):
    """P-16: with anything pending, no number of answers does more than wait."""
    assert decided(
        pending=24 - completed, completed=completed, stable=True, cost_cap_reached=True
    ) == (Decision.WAIT, None)


# Conditions in the order of the table: how to make each true, and what it leads to.
RULES: list[tuple[str, dict[str, object], tuple[Decision, str | None]]] = [
    ("pending", {"pending": 3}, (Decision.WAIT, None)),
    ("cost cap", {"cost_cap_reached": True}, (SCORE, "cost_cap")),
    ("outage", {"outage": "bad key"}, (FAIL, "provider_outage")),
    ("retry", {"retryable_failures": 2}, (Decision.RETRY_FAILED, None)),
    (
        "complete",
        {"completed": 276, "submitted": 276, "all_eligible_succeeded": True},
        (SCORE, "coverage_complete"),
    ),
    ("single wave", {"mode": LLMBatchingMode.PROVIDER_BATCH_API}, (SCORE, "single_wave")),
    ("stable", {"stable": True}, (SCORE, "stable")),
    ("reliable", {"reliability": 0.95}, (SCORE, "reliability_reached")),
    ("most waves", {"waves": 50}, (SCORE, "max_iterations")),
    ("no pairs", {"more_pairs": False}, (SCORE, "pairs_exhausted")),
]


def test_the_first_rule_that_matches_wins():
    """P-14: over every combination of conditions, 1,024 in all."""
    limits = replace(LIMITS, reliability_target=0.9)
    for chosen in product([False, True], repeat=len(RULES)):
        holding = [rule for rule, holds in zip(RULES, chosen, strict=True) if holds]
        changes: dict[str, object] = {}
        for _, change, _ in holding:
            changes |= change
        expected = holding[0][2] if holding else (Decision.REQUEST_MORE, None)
        names = [name for name, _, _ in holding]
        assert decided(limits, **changes) == expected, names


GRID = {
    "mode": list(LLMBatchingMode),
    "pending": [0, 2],
    "completed": [0, 8, 10],
    "failed": [0, 2, 10],
    "denominator": [10, 20, 40],
    "waves": [1, 49, 50],
    "rounds_of_wave": [1, 3],
    "retryable_failures": [0, 2],
    "waves_without_success": [0, 2],
    "cost_cap_reached": [False, True],
    "stable": [False, True],
    "more_pairs": [False, True],
}


def on_the_grid(check: Callable[[Snapshot, Verdict], None]) -> None:
    for values in product(*GRID.values()):
        now = replace(ORDINARY, **dict(zip(GRID, values, strict=True)))
        if now.completed and now.waves_without_success >= now.waves:
            continue
        now = replace(
            now, submitted=now.completed + now.failed + now.pending, total_budget=now.denominator
        )
        if now.submitted <= now.total_budget:
            check(now, decide(now, LIMITS))


def test_no_state_ends_without_a_reason_or_goes_on_with_one():
    """P-08, P-14"""

    def check(now: Snapshot, verdict: Verdict) -> None:
        ends = verdict.decision in {SCORE, FAIL}
        assert ends == (verdict.stop_reason is not None)
        assert verdict.why

    on_the_grid(check)


def test_a_batch_waits_for_answers_and_for_nothing_else():
    """P-07, P-16"""

    def check(now: Snapshot, verdict: Verdict) -> None:
        assert (verdict.decision is Decision.WAIT) == bool(now.pending)

    on_the_grid(check)


def test_no_scores_without_enough_successes():
    """P-09, P-10, P-12"""

    def check(now: Snapshot, verdict: Verdict) -> None:
        if verdict.decision is SCORE:
            assert now.completed >= 0.8 * (now.completed + now.failed) > 0

    on_the_grid(check)


def test_more_is_asked_for_only_where_there_is_more():
    """P-05, P-06, P-08, P-13"""

    def check(now: Snapshot, verdict: Verdict) -> None:
        if verdict.decision is Decision.REQUEST_MORE:
            assert now.more_pairs and now.waves < 50 and not now.stable
            assert now.submitted < now.total_budget
            assert now.completed + now.failed < now.denominator
            assert now.mode is not LLMBatchingMode.PROVIDER_BATCH_API

    on_the_grid(check)


def test_nothing_succeeded_in_two_waves_ends_every_batch():
    """P-09, P-11"""

    def check(now: Snapshot, verdict: Verdict) -> None:
        may_retry = now.retryable_failures and now.rounds_of_wave <= 2
        if not now.completed and now.waves_without_success >= 2:
            if not now.pending and not may_retry:
                capped = now.cost_cap_reached and not now.failed
                reason = "cost_cap" if capped else "low_success_rate"
                assert (verdict.decision, verdict.stop_reason) == (FAIL, reason)

    on_the_grid(check)
