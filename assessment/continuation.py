"""What to do after a wave: one pure function over one immutable snapshot of the batch."""

from dataclasses import dataclass
from enum import StrEnum

from assessment.modes import LLMBatchingMode


class Decision(StrEnum):
    """What happens next."""

    WAIT = "WAIT"
    RETRY_FAILED = "RETRY_FAILED"
    REQUEST_MORE = "REQUEST_MORE"
    FINALIZE_SCORING = "FINALIZE_SCORING"
    FINALIZE_FAILURE = "FINALIZE_FAILURE"


@dataclass(frozen=True)
class Limits:
    """The settings that bear on the decision."""

    max_retry_rounds: int
    max_consecutive_failed_waves: int
    min_success_rate: float
    max_iterations: int
    iterative: bool
    reliability_target: float | None = None


@dataclass(frozen=True)
class Snapshot:
    """The batch after a wave or a round of retries; counts are of comparisons.

    money_capped: it has a money cap, reached or not; a single wave is made to fit it.
    cap_words: where nothing was answered before the money cap was reached, how they compare.
    """

    mode: LLMBatchingMode
    pending: int
    completed: int
    failed: int
    submitted: int
    total_budget: int
    denominator: int
    waves: int
    rounds_of_wave: int
    retryable_failures: int
    waves_without_success: int
    all_eligible_succeeded: bool
    cost_cap_reached: bool = False
    money_capped: bool = False
    cap_words: str = ""
    outage: str | None = None
    stable: bool = False
    reliability: float | None = None
    more_pairs: bool = True


@dataclass(frozen=True)
class Verdict:
    """The decision, the stop reason where it ends the batch, and why in words."""

    decision: Decision
    stop_reason: str | None
    why: str


def decide(now: Snapshot, limits: Limits) -> Verdict:
    """The decision table; the first rule that matches wins."""
    if now.pending:
        return Verdict(Decision.WAIT, None, f"{now.pending} comparisons are not answered yet")
    if now.cost_cap_reached and not now.completed + now.failed:
        why = now.cap_words or "the money cap was reached before anything was judged"
        return Verdict(Decision.FINALIZE_FAILURE, "cost_cap", why)
    if now.cost_cap_reached:
        return _scoring_or_failure(now, limits, "cost_cap", "the money cap is reached")
    if now.outage:
        return Verdict(Decision.FINALIZE_FAILURE, "provider_outage", now.outage)
    if now.retryable_failures and now.rounds_of_wave <= limits.max_retry_rounds:
        return Verdict(
            Decision.RETRY_FAILED,
            None,
            f"{now.retryable_failures} failed comparisons may succeed on a retry",
        )
    if not now.completed and now.waves_without_success >= limits.max_consecutive_failed_waves:
        return Verdict(
            Decision.FINALIZE_FAILURE,
            "low_success_rate",
            f"no comparison succeeded in {now.waves_without_success} waves",
        )
    end = _reason_to_end(now, limits)
    if end is None:
        return Verdict(Decision.REQUEST_MORE, None, "scores have not settled, and budget is left")
    return _scoring_or_failure(now, limits, *end)


def _scoring_or_failure(now: Snapshot, limits: Limits, reason: str, why: str) -> Verdict:
    """End with scores, unless too few of the answers are usable for scores to mean anything."""
    answered = now.completed + now.failed
    rate = now.completed / answered if answered else 0.0
    if not now.completed or rate < limits.min_success_rate:
        return Verdict(
            Decision.FINALIZE_FAILURE,
            "low_success_rate",
            f"{now.completed} of {answered} answered comparisons have a winner; "
            f"at least {limits.min_success_rate:.0%} are needed",
        )
    return Verdict(Decision.FINALIZE_SCORING, reason, why)


def _reason_to_end(now: Snapshot, limits: Limits) -> tuple[str, str] | None:
    if now.completed + now.failed >= now.denominator or now.submitted >= now.total_budget:
        return _completion(now)
    if now.mode is LLMBatchingMode.PROVIDER_BATCH_API:
        if now.money_capped:
            return "cost_cap", "the one wave was as large as the money cap was likely to pay for"
        return "single_wave", "this mode judges everything in one wave"
    if now.stable:
        return "stable", "scores no longer change"
    if (
        limits.reliability_target is not None
        and now.reliability is not None
        and now.reliability >= limits.reliability_target
    ):
        return "reliability_reached", f"reliability {now.reliability:.2f} reached the target"
    if now.waves >= limits.max_iterations:
        return "max_iterations", f"{now.waves} waves were judged, the most allowed"
    if not limits.iterative:
        return "single_iteration", "the settings allow one wave only"
    if not now.more_pairs:
        return "pairs_exhausted", "no further pair can be made"
    return None


def _completion(now: Snapshot) -> tuple[str, str]:
    if now.all_eligible_succeeded:
        return "coverage_complete", "every possible pair has been judged"
    if now.completed + now.failed >= now.total_budget or now.submitted >= now.total_budget:
        return "budget_exhausted", f"all {now.total_budget} comparisons of the budget are used"
    return "pairs_exhausted", "the remaining pairs failed and have no attempts left"
