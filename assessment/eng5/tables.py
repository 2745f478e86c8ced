"""What the runner prints: plans, progress and summaries, as tables or as JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from assessment.eng5.documents import batch_summary, cost_summary
from assessment.eng5.plans import RunPlan
from assessment.models import Batch


class Output(Protocol):
    """A stream that ends each message with a newline."""

    def write(self, msg: str) -> None: ...


def print_plan(plan: RunPlan, out: Output, *, as_json: bool = False) -> None:
    """Upper bounds of a run, before anything is spent."""
    estimate = plan.estimate
    per_comparison = estimate.texts_sent / estimate.comparisons if estimate.comparisons else 0.0
    if as_json:
        out.write(
            json.dumps(
                {
                    "plan": {
                        "students": plan.students,
                        "anchors": plan.anchors,
                        "possible_pairs": plan.eligible_pairs,
                        "max_comparisons": plan.completion_denominator,
                        "total_budget": plan.total_budget,
                        "llm_batching_mode": plan.mode.value,
                        "pairing_strategy": plan.strategy,
                        "judges": plan.judges,
                        "first_wave": plan.first_wave,
                        "max_waves": plan.waves,
                        "max_provider_calls": estimate.calls,
                        "input_tokens": estimate.input_tokens,
                        "output_tokens": estimate.output_tokens,
                        "texts_per_comparison": per_comparison,
                        "cost_usd": _usd(plan),
                    },
                    "warnings": plan.warnings,
                },
                indent=1,
            )
        )
        return
    rows = [
        ("essays", f"{plan.students} students, {plan.anchors} anchors"),
        ("possible pairs", f"{plan.eligible_pairs:,}"),
        ("comparisons", f"at most {estimate.comparisons:,} (budget {plan.total_budget:,})"),
        ("waves", f"at most {plan.waves}, the first with {plan.first_wave:,} comparisons"),
        ("mode", f"{plan.mode.value}, pairs chosen by {plan.strategy}"),
        ("judges", ", ".join(plan.judges)),
        ("provider calls", f"at most {estimate.calls:,}, and retries of failed ones"),
        ("texts sent", f"{estimate.texts_sent:,}, {per_comparison:.2f} a comparison"),
        (
            "tokens",
            f"about {estimate.input_tokens:,} in, {estimate.output_tokens:,} out "
            "(estimated from the texts' length, on the high side)",
        ),
        ("cost", _cost_words(plan)),
    ]
    out.write("Plan (scores that settle early end the run sooner)")
    _write_rows(rows, out)
    for warning in plan.warnings:
        out.write(f"Warning: {warning}")


def _usd(plan: RunPlan) -> float | None:
    return float(plan.estimate.cost_usd) if plan.estimate.cost_usd is not None else None


def _cost_words(plan: RunPlan) -> str:
    cost = _usd(plan)
    if cost is None:
        return "unknown: no price is known for a model; set one before relying on a money cap"
    return f"at most about ${cost:,.4f}, at list price, without retries or cached tokens"


def print_summary(document: Mapping[str, Any], report: Path, out: Output) -> None:
    """The end of a run in a few lines."""
    batch, cost, measurement = document["batch"], document["cost"], document["measurement"]
    reliability = measurement["reliability"]
    rows = [
        ("batch", f"{batch['id']} {batch['status']} ({batch['stop_reason']})"),
        (
            "comparisons",
            f"{batch['completed']} judged, {batch['failed']} failed, "
            f"of at most {batch['completion_denominator']}; {batch['waves']} waves",
        ),
        ("provider calls", f"{cost['calls']}, ${cost['usd']:.4f}"),
        (
            "reliability",
            f"{reliability:.2f}" if reliability is not None else measurement["reliability_reason"],
        ),
    ]
    agreement = measurement.get("agreement")
    if agreement and agreement["tau_b"]["value"] is not None:
        rows.append(
            (
                "known grades",
                f"tau-b {agreement['tau_b']['value']:.2f} of {agreement['n']} students",
            )
        )
    _write_rows(rows, out)
    if batch["failure"]:
        out.write(f"Failed: {batch['failure']}")
    for warning in document["warnings"]:
        out.write(f"Warning: {warning['message']}")
    out.write(f"Report: {report}")


def print_status(batches: Sequence[Batch], out: Output, *, as_json: bool = False) -> None:
    """One line per batch."""
    if as_json:
        out.write(
            json.dumps(
                [
                    {
                        "batch": batch_summary(batch),
                        "cost": cost_summary(batch),
                        "warnings": batch.warnings,
                    }
                    for batch in batches
                ],
                indent=1,
                ensure_ascii=False,
            )
        )
        return
    if not batches:
        out.write("There are no batches yet. Begin with: manage.py eng5 execute")
    for batch in batches:
        label = f" {batch.label!r}" if batch.label else ""
        mock = ", mock judge" if batch.mock else ""
        reason = f" ({batch.stop_reason})" if batch.stop_reason else ""
        out.write(
            f"{batch.pk}{label}: {batch.status}{reason}, {batch.callbacks} of at most "
            f"{batch.completion_denominator} comparisons ({batch.progress:.0%}), "
            f"{batch.failed} failed, {batch.waves.count()} waves, {batch.llm_batching_mode}{mock}, "
            f"${cost_summary(batch)['usd']:.4f}"
        )


def _write_rows(rows: Sequence[tuple[str, str]], out: Output) -> None:
    width = max(len(name) for name, _ in rows)
    for name, words in rows:
        out.write(f"  {name:<{width}}  {words}")


def write_table(head: Sequence[str], rows: Sequence[Sequence[str]], out: Output) -> None:
    """Columns as wide as they need to be: the first to the left, figures to the right."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        first, *others = (
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        out.write("  ".join(["", first, *others]).rstrip())
