"""What `plan` prints: each mode's calls, tokens and cost side by side, as tables or as JSON."""

import json
from decimal import Decimal
from typing import Any

from assessment.eng5.plans import ModePlan, RunPlan
from assessment.eng5.tables import Output, write_rows, write_table
from assessment.lifecycle.creating.judge_addresses import addresses_of
from assessment.modes import LLMBatchingMode
from assessment.reports.figures import plural
from llmprovider.contracts import BatchFill

PER_REQUEST = LLMBatchingMode.PER_REQUEST


def print_plan(plan: RunPlan, out: Output, *, as_json: bool = False) -> None:
    """A run before anything is spent, with every mode that is open to it."""
    if as_json:
        out.write(json.dumps({"plan": plan_document(plan), "warnings": plan.warnings}, indent=1))
        return
    _write_own(plan, out)
    _write_modes(plan, out)
    _write_warnings(plan, out)


def print_own_plan(plan: RunPlan, out: Output) -> None:
    """What is about to be judged and what it costs, in the run's own mode."""
    _write_own(plan, out)
    _write_warnings(plan, out)


def _write_own(plan: RunPlan, out: Output) -> None:
    own = plan.own
    rows = [
        (
            "essays",
            f"{plural(plan.students, 'student', 'students')}, "
            f"{plural(plan.anchors, 'anchor', 'anchors')}",
        ),
        ("possible pairs", f"{plan.eligible_pairs:,}"),
        ("comparisons", f"at most {own.estimate.comparisons:,} (budget {plan.total_budget:,})"),
        ("waves", _wave_words(own)),
        ("mode", f"{_name(own)}, pairs chosen by {own.strategy}"),
        *_job_rows(own),
        ("judges", ", ".join(plan.judges)),
        *_address_rows(plan),
        ("tokens", _token_words(own)),
        ("cost", _cost_words(own)),
    ]
    if plan.money_cap is not None:
        rows.append(("money cap", _cap_words(plan.money_cap, plan)))
    single_wave = own.mode is LLMBatchingMode.PROVIDER_BATCH_API
    end = (
        "one wave, all of it sent" if single_wave else "scores that settle early end the run sooner"
    )
    out.write(f"Plan ({end})")
    write_rows(rows, out)


def _write_warnings(plan: RunPlan, out: Output) -> None:
    for warning in plan.warnings:
        out.write(f"Warning: {warning['message']}")


def plan_document(plan: RunPlan) -> dict[str, Any]:
    """The plan as JSON: the run's own mode, and all modes beside each other."""
    return {
        "students": plan.students,
        "anchors": plan.anchors,
        "possible_pairs": plan.eligible_pairs,
        "max_comparisons": plan.completion_denominator,
        "total_budget": plan.total_budget,
        "judges": plan.judges,
        "money_cap_usd": _number(plan.money_cap),
        **_mode_document(plan.own, plan),
        "modes": [_mode_document(mode, plan) for mode in plan.modes],
    }


def _mode_document(mode: ModePlan, plan: RunPlan) -> dict[str, Any]:
    estimate, costs = mode.estimate, mode.estimate.costs
    return {
        "llm_batching_mode": mode.mode.value,
        "batch_fill": mode.fill.value if mode.fill else None,
        "max_jobs": mode.estimate.jobs,
        "pairing_strategy": mode.strategy,
        "planned_comparisons": estimate.comparisons,
        "first_wave": mode.first_wave,
        "money_cap_pays_for": mode.money.comparisons if mode.money else None,
        "max_waves": mode.waves,
        "max_provider_calls": estimate.calls,
        "texts_sent": estimate.texts_sent,
        "texts_per_comparison": _share(estimate.texts_sent, estimate.comparisons),
        "input_tokens": estimate.input_tokens,
        "output_tokens": estimate.output_tokens,
        "reasoning_tokens": estimate.reasoning_tokens,
        "most_input_tokens": estimate.most_input_tokens,
        "most_output_tokens": estimate.most_output_tokens,
        "input_tokens_per_comparison": _per_comparison(mode),
        "ratio_to_per_request": _ratio(mode, plan),
        "cost_likely_usd": _number(costs.likely),
        "cost_with_prompt_cache_usd": _number(costs.cached),
        "cost_at_batch_price_usd": _number(costs.batch),
        "cost_at_most_usd": _number(costs.at_most),
    }


def _write_modes(plan: RunPlan, out: Output) -> None:
    head = (
        "mode",
        "calls",
        "texts",
        "input/comp.",
        "ratio",
        "likely",
        "cached",
        "batch",
        "at most",
    )
    rows = []
    for mode in plan.modes:
        estimate, costs = mode.estimate, mode.estimate.costs
        ratio = _ratio(mode, plan)
        rows.append(
            (
                _name(mode) + (" *" if mode is plan.own else ""),
                f"{estimate.calls:,}",
                f"{estimate.texts_sent:,}",
                f"{_per_comparison(mode):,.0f}",
                f"{ratio:.2f}" if ratio is not None else "-",
                _usd(costs.likely),
                _usd(costs.cached),
                _usd(costs.batch) if mode.fill else "-",
                _usd(costs.at_most),
            )
        )
    out.write("")
    out.write("Each mode, if the run goes on to its last comparison (* this run's)")
    write_table(head, rows, out)
    for line in _EXPLANATIONS:
        out.write(f"  {line}")
    if plan.own.estimate.reasoning_tokens:
        out.write(f"  {_REASONING}")


_EXPLANATIONS = (
    "texts: how often an essay is sent. input/comp.: input tokens a comparison, likely; ratio: of",
    "per_request's. likely: list price, answers of usual length. cached: with the vendor's prompt",
    "cache. batch: likely, as a vendor's batch job. at most: the longest answers allowed.",
    "Calls that fail and are made again come on top.",
)
_REASONING = "The model reasons before it answers: how much is the least certain part of `likely`."


def _wave_words(mode: ModePlan) -> str:
    first = plural(mode.first_wave, "comparison", "comparisons")
    return f"at most {mode.waves:,}, the first with {first}"


def _cap_words(cap: Decimal, plan: RunPlan) -> str:
    words = f"{_usd(cap)}: no call is made that could exceed it"
    paid = plan.own.money.comparisons if plan.own.money else None
    if paid is None or paid >= plan.completion_denominator:
        return words
    return f"{words}; it pays for about {paid:,} of {plan.completion_denominator:,} comparisons"


def _token_words(mode: ModePlan) -> str:
    estimate = mode.estimate
    reasoning = (
        f", {estimate.reasoning_tokens:,} of them reasoning" if estimate.reasoning_tokens else ""
    )
    return (
        f"likely {estimate.input_tokens:,} in, {estimate.output_tokens:,} out{reasoning}; at most "
        f"{estimate.most_input_tokens:,} in, {estimate.most_output_tokens:,} out"
    )


def _name(mode: ModePlan) -> str:
    return f"{mode.mode.value}, {mode.fill.value}" if mode.fill else mode.mode.value


def _job_rows(mode: ModePlan) -> list[tuple[str, str]]:
    if mode.fill is None:
        return []
    jobs, requests = mode.estimate.jobs, mode.estimate.calls
    each = "one comparison each" if mode.fill is BatchFill.SINGLE else "bundles of comparisons"
    number = "1 job" if jobs == 1 else f"{jobs:,} jobs"
    return [("batch jobs", f"{number} with {requests:,} requests ({each}), all in one wave")]


def _address_rows(plan: RunPlan) -> list[tuple[str, str]]:
    """Where the judges are asked that have been given an address."""
    found = addresses_of(name.partition(":")[0] for name in plan.judges)
    places = ", ".join(f"{one.provider} at {one.place} ({one.variable})" for one in found)
    return [("asked", places)] if places else []


def _cost_words(mode: ModePlan) -> str:
    costs = mode.estimate.costs
    if mode.fill and costs.batch is not None:
        return f"likely {_usd(costs.batch)}, at most {_usd(costs.at_most)} were it all judged live"
    if costs.likely is None or costs.at_most is None:
        return "unknown: no price is known for a model. Give one with --price"
    return f"likely {_usd(costs.likely)}, at most {_usd(costs.at_most)} and retries"


def _per_comparison(mode: ModePlan) -> float:
    return _share(mode.estimate.input_tokens, mode.estimate.comparisons)


def _ratio(mode: ModePlan, plan: RunPlan) -> float | None:
    single = next((other for other in plan.modes if other.mode is PER_REQUEST), None)
    if single is None or not single.estimate.input_tokens:
        return None
    return _per_comparison(mode) / _per_comparison(single)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _number(amount: Decimal | None) -> float | None:
    return float(amount) if amount is not None else None


def _usd(amount: Decimal | None) -> str:
    return f"${amount:,.4f}" if amount is not None else "unknown"
