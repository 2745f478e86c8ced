"""The run in plain words: what its codes mean to somebody who teaches, not programs."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from assessment.reports.figures import decimal, percent, plural
from assessment.reports.schema import RunDocument

FEW_COMPARISONS = 6  # per essay on average; below it the stopping rule does not call scores stable

CHANCE_Z = 2.0  # standard errors between two anchors

CHANCE = "not shown to differ from chance"

STATUSES = {
    "PENDING": "Not started",
    "COMPARING": "Still comparing",
    "SCORING": "Being scored",
    "COMPLETED": "Completed",
    "FAILED": "Failed",
    "CANCELLED": "Cancelled",
}

ENDS = {
    "COMPLETED": "ended",
    "FAILED": "failed",
    "CANCELLED": "was cancelled",
}

STOP_REASONS = {
    "stable": "The scores had settled: further comparisons were changing little.",
    "coverage_complete": "Every pair that could be compared has been compared.",
    "budget_exhausted": "The agreed number of comparisons was used up.",
    "pairs_exhausted": "No pair was left that could still be compared with success.",
    "single_wave": "All comparisons were sent in one wave, as this mode always does.",
    "single_iteration": "The run was set to stop after its first wave.",
    "max_iterations": "The highest number of waves was reached.",
    "reliability_reached": "The reliability that was asked for was reached.",
    "cost_cap": "The money limit was reached: it was likely to pay for no more comparisons.",
    "provider_outage": "The judge could not be reached or refused to work, so the run was ended.",
    "low_success_rate": "Too many comparisons came back without a usable answer.",
    "insufficient_essays": "There were fewer than two different texts, so nothing to compare.",
    "forced_recovery": "The run had got stuck; it was scored from the answers that were there.",
    "stuck_timeout": "The run got stuck and too few answers were there to score it.",
}

MODES = {
    "per_request": "Each held one comparison.",
    "serial_bundle": "Many comparisons shared each call.",
    "provider_batch_api": "All of one wave, sent as jobs of the provider's batch service.",
}

WAVE_KINDS = {
    "coverage": "new pairs",
    "resampling": "earlier pairs, other order",
    "specified": "pairs given by the user",
}

DECISIONS = {
    "WAIT": "Wait for answers",
    "REQUEST_MORE": "Go on",
    "RETRY_FAILED": "Repeat the failed ones",
    "FINALIZE_SCORING": "Stop and score",
    "FINALIZE_FAILURE": "Stop as failed",
}

ERROR_TYPES = {
    "rate_limit": "the provider asked us to slow down",
    "overloaded": "the provider was overloaded",
    "server_error": "the provider had an internal fault",
    "timeout": "no answer in time",
    "connection": "the connection failed",
    "authentication": "the key was not accepted",
    "invalid_request": "the provider did not accept the request",
    "max_tokens": "the answer was cut off at its length limit",
    "refusal": "the model refused to answer",
    "invalid_response": "the answer could not be used",
    "expired": "waited too long and was given up",
    "cancelled": "withdrawn before it was judged",
}

BEYOND = {
    "below_lowest": ("↓", "below the lowest anchor"),
    "above_highest": ("↑", "above the highest anchor"),
}

CONFIDENCES = {"HIGH": "high", "MID": "medium", "LOW": "low"}

AGREEMENTS = {
    "n": ("Students with a known grade", "how many the figures below rest on"),
    "exact": ("Same grade", "share of students whose grade is the known one"),
    "adjacent": ("Same or next grade", "share at most one step away from the known grade"),
    "qwk": ("Weighted kappa", "1 is full agreement, 0 is chance; large misses count more"),
    "tau_b": ("Kendall's tau-b", "do two students stand in the right order? 1 always, 0 chance"),
    "spearman": ("Spearman correlation", "the same question, by ranks"),
    "mean_signed_difference": (
        "Mean difference",
        "in grade steps; above 0 the run is kinder than the known grades",
    ),
}


def worded(words: Mapping[str, str], code: str | None) -> str:
    """The plain words for a code; a code nobody has put in words yet is shown as it is."""
    if code is None:
        return "–"
    return words.get(code) or words.get(code.upper()) or words.get(code.lower()) or code


def no_scores_words(document: RunDocument) -> str:
    """Why there is no score at all; empty where there is one."""
    if any(row["score"] is not None and row["comparisons"] for row in document["results"]):
        return ""
    batch = document["batch"]
    ended = ENDS.get(batch["status"])
    if not batch["completed"]:
        judged = "was judged" if ended else "has been judged yet"
        return f"Nothing {judged}, so there are no scores and no grades."
    if ended:
        return f"The run {ended} before scores were worked out, so there are none, and no grades."
    return "There are no scores and no grades yet: they are worked out at the end of the run."


def wave_words(document: RunDocument) -> str:
    """What waves are; scores only where there were any after them."""
    scored = any(wave["scores"] and wave["successes"] for wave in document["waves"])
    return (
        "Rounds of pairs; the scores were worked out anew after each."
        if scored
        else ("Rounds of pairs.")
    )


def reliability_words(measurement: Mapping[str, Any]) -> tuple[str, str]:
    """What the reliability tile shows, and the sentence below it."""
    value, reason = measurement["reliability"], measurement["reliability_reason"]
    if value is None and CHANCE in (reason or CHANCE):
        return CHANCE, "No figure is given: the judgements so far could also be coin tosses."
    if value is None:
        return "not given", _sentence(reason)
    low, high = measurement["reliability_low"], measurement["reliability_high"]
    kind = measurement.get("reliability_interval_kind")
    words = [
        "How far the order can be trusted: 1 would be no chance at all in it, 0 nothing but chance."
    ]
    if low is not None and high is not None:
        named = f" ({kind})" if kind else ""
        words.append(f"Interval {decimal(low)} to {decimal(high)}{named}.")
    if reason:
        words.append(f"Exactly: {_sentence(reason)}")
    words.append("It cannot tell whether the judge looks at the right things.")
    return decimal(value), " ".join(words)


def position_words(measurement: Mapping[str, Any]) -> str:
    """What the estimated effect of being shown first means, or why there is none."""
    effect = measurement["position_effect"]
    if effect is None:
        return "Whether being shown first helps was not estimated."
    gamma, se = effect["gamma"], effect["se"]
    share = 1 / (1 + math.exp(-gamma))
    figures = f"(effect {decimal(gamma)}{f' ± {decimal(1.96 * se)}' if se is not None else ''})"
    if se is None or abs(gamma) <= 1.96 * se:
        return f"No clear advantage of being shown first or second was found {figures}."
    side = "first" if gamma > 0 else "second"
    favoured = share if gamma > 0 else 1 - share
    return (
        f"Of two equally good texts, the one shown {side} would win {percent(favoured)} of the "
        f"time {figures}. The scores take this into account."
    )


def warnings_of(document: RunDocument) -> list[str]:
    """The document's warnings, then those that its figures call for and it does not have."""
    given = document["warnings"]
    codes = {warning["code"] for warning in given}
    told = [warning["message"] for warning in given]
    return told + [words for code, words in _found(document) if code not in codes]


def _found(document: RunDocument) -> Iterable[tuple[str, str]]:
    batch, measurement, results = (document[key] for key in ("batch", "measurement", "results"))
    if batch["mock"]:
        yield "mock_run", "The judge was a simulation. Nothing here says anything about an essay."
    unscored = bool(no_scores_words(document))
    if results and batch["completed"] and not unscored:
        mean = sum(result["comparisons"] for result in results) / len(results)
        if mean < FEW_COMPARISONS:
            yield (
                "few_comparisons",
                (
                    f"Few comparisons: {decimal(mean, 1)} per essay on average. "
                    "Take places close to each other as equal."
                ),
            )
    wrong = [pair for pair in measurement["anchor_inversions"] if not by_chance(pair)]
    if wrong:
        number = plural(len(wrong), "pair", "pairs")
        yield (
            "anchors_out_of_order",
            (
                f"Anchors out of order: in {number} of anchors the one with the lower grade scored "
                "higher. Grades near them are less certain; check those anchors."
            ),
        )
    if measurement["components"] > 1:
        yield (
            "disconnected_graph",
            (
                f"The essays fall into {measurement['components']} groups that were never compared "
                "with each other. Scores of different groups cannot be set against each other."
            ),
        )
    if batch["failed"]:
        yield (
            "failed_comparisons",
            (
                f"{plural(batch['failed'], 'comparison', 'comparisons')} brought no usable answer"
                + ("." if unscored else " and are left out of the scores.")
            ),
        )


def by_chance(inversion: Mapping[str, Any]) -> bool:
    """Whether two anchors in the wrong order are so close that it may be chance (z below 2)."""
    z = inversion.get("z")
    return z is not None and z < CHANCE_Z


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."
