"""A comparison of two runs as JSON: every entry of two is [first run, second run]."""

from typing import Any

from assessment.comparing.efforts import Effort
from assessment.comparing.failures import Failures
from assessment.comparing.positions import Positions
from assessment.comparing.rankings import BY_CHANCE, OrderAgreement
from assessment.comparing.run_pairs import RunHead, RunPair
from assessment.comparing.shares import Share
from assessment.measurement.bootstraps import Measure
from assessment.pairing.balances import Evenness

BOOTSTRAP = "95 % percentile bootstrap over essays"
WILSON = "95 % Wilson"


def comparison_document(pair: RunPair) -> dict[str, Any]:
    """No text of an essay or of a judge is in it."""
    return {
        "runs": [_head(head) for head in pair.heads],
        "configuration_differs": [
            {"name": each.name, "values": list(each.values)} for each in pair.configuration
        ],
        "rank_agreement": {
            "students": _order(pair.students),
            "all_essays": _order(pair.everybody),
            "same_ranks": pair.same_ranks,
        },
        "scores": {
            "n": pair.scores.n,
            "mean_absolute_difference": pair.scores.mean,
            "mean_absolute_difference_in_standard_errors": pair.scores.mean_in_errors,
            "at_most_by_chance": BY_CHANCE,
            "more_than_2_standard_errors_apart": pair.scores.far,
            "essays": [
                {
                    "essay": essay.name,
                    "role": "anchor" if essay.is_anchor else "student",
                    "scores": list(essay.scores),
                    "standard_errors": list(essay.errors),
                    "ranks": list(essay.ranks),
                    "grades": list(essay.grades),
                }
                for essay in pair.placed
            ],
        },
        "grades": pair.grades
        and {
            "n": pair.grades.n,
            "same": _share(pair.grades.exact),
            "within_a_step": _share(pair.grades.adjacent),
        },
        "verdicts": {
            "pairs": list(pair.verdicts.pairs),
            "shared_pairs": pair.verdicts.shared.n,
            "same_winner": _share(pair.verdicts.shared),
            "same_winner_in_same_order": _share(pair.verdicts.same_order),
            "same_winner_in_other_order": _share(pair.verdicts.other_order),
            "same_comparisons": pair.verdicts.same_comparisons,
            "same_verdicts": pair.verdicts.same_verdicts,
        },
        "failed_calls": [_failures(each) for each in pair.calls],
        "failed_comparisons": [_failures(each) for each in pair.comparisons],
        "positions": [_positions(each) for each in pair.positions],
        "first_won_test": _evenness(pair.first_won),
        "tallies": [
            [
                {"of": t.name, "logged": t.logged, "counted": t.counted, "agree": t.agree}
                for t in each
            ]
            for each in pair.tallies
        ],
        "efforts": [_effort(each) for each in pair.efforts],
    }


def _head(head: RunHead) -> dict[str, Any]:
    return {
        "label": head.label,
        "batch": head.batch,
        "llm_batching_mode": head.mode,
        "pairing_strategy": head.strategy,
        "judges": list(head.judges),
        "mock": head.mock,
        "status": head.status,
        "stop_reason": head.stop_reason or None,
    }


def _order(found: OrderAgreement) -> dict[str, Any]:
    return {"n": found.n, "tau_b": _measure(found.tau_b), "spearman": _measure(found.spearman)}


def _measure(measure: Measure) -> dict[str, Any]:
    return {
        "value": measure.value,
        "low": measure.low,
        "high": measure.high,
        "interval": BOOTSTRAP if measure.low is not None else None,
    }


def _share(share: Share) -> dict[str, Any]:
    low, high = share.interval or (None, None)
    return {"value": share.value, "n": share.n, "low": low, "high": high, "interval": WILSON}


def _failures(found: Failures) -> dict[str, Any]:
    return {
        "asked": found.asked,
        "failed": found.failed,
        "by_type": [
            {
                "provider": kind[0],
                "error_type": kind[1],
                "failed": failed,
                "rate": found.rate(kind),
            }
            for kind, failed in sorted(found.by_kind.items())
        ],
    }


def _positions(found: Positions) -> dict[str, Any]:
    return {
        "places": {
            role: {"first": first, "second": second}
            for role, (first, second) in found.places.items()
        },
        "anchor_first": found.anchor_first,
        "anchor_met_student": found.anchor_met,
        "all_essays_test": _evenness(found.evenness),
        "anchors_against_students_test": _evenness(found.anchors),
        "first_won": found.first_won,
        "verdicts": found.verdicts,
    }


def _evenness(found: Evenness | None) -> dict[str, float | int] | None:
    if found is None:
        return None
    return {"chi_square": found.chi_square, "df": found.df, "p": found.p}


def _effort(found: Effort) -> dict[str, Any]:
    return {
        "comparisons": found.comparisons,
        "calls": found.calls,
        "jobs": found.jobs,
        "input_tokens": found.input_tokens,
        "output_tokens": found.output_tokens,
        "reasoning_tokens": found.reasoning_tokens,
        "cache_read_tokens": found.cache_read_tokens,
        "cache_read_share": found.cached,
        "comparisons_sent": found.sendings,
        "comparisons_asked_again": found.again,
        "usd": found.usd,
        "usd_at_most": found.usd_at_most,
        "unpriced_calls": found.unpriced,
        "unanswered_calls": found.unanswered,
        "per_comparison": {
            "calls": found.each(found.calls),
            "input_tokens": found.each(found.input_tokens),
            "output_tokens": found.each(found.output_tokens),
            "usd": None if found.unpriced else found.each(found.usd),
            "usd_at_most": found.each(found.usd_at_most),
        },
        "seconds": found.seconds,
        "median_call_seconds": found.call_seconds,
        "waves": found.waves,
        "rounds": found.rounds,
    }
