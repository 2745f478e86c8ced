"""What the runner prints about batches: states and summaries, as tables or as JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from assessment.eng5.documents import batch_summary, cost_summary
from assessment.lifecycle.job_words import job_words, waiting_words
from assessment.lifecycle.jobs import jobs_of
from assessment.lifecycle.troubles import trouble_document, trouble_words, troubles_of
from assessment.models import Batch
from assessment.reports.figures import plural


class Output(Protocol):
    """A stream that ends each message with a newline."""

    def write(self, msg: str) -> None: ...


def print_summary(document: Mapping[str, Any], report: Path, out: Output) -> None:
    """The end of a run in a few lines."""
    batch, cost, measurement = document["batch"], document["cost"], document["measurement"]
    reliability = measurement["reliability"]
    rows = [
        ("batch", f"{batch['id']} {batch['status']} ({batch['stop_reason']})"),
        (
            "comparisons",
            f"{batch['completed']} judged, {batch['failed']} failed, "
            f"of at most {batch['completion_denominator']}; "
            f"{plural(batch['waves'], 'wave', 'waves')}",
        ),
        ("provider calls", f"{cost['calls']}, {cost_words(cost)}"),
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
                f"tau-b {agreement['tau_b']['value']:.2f} of {_graded_words(document)}",
            )
        )
    write_rows(rows, out)
    if batch["failure"]:
        out.write(f"Failed: {batch['failure']}")
    for warning in document["warnings"]:
        out.write(f"Warning: {warning['message']}")
    out.write(f"Report: {report}")


def _graded_words(document: Mapping[str, Any]) -> str:
    """Whom the agreement is about: students of known grade that were given one."""
    known = sum(
        result["role"] == "student" and result["known_grade"] is not None
        for result in document["results"]
    )
    graded = document["measurement"]["agreement"]["n"]
    students = plural(known, "student", "students")
    return students if graded == known else f"the {graded} of {students} that have a grade"


def print_batch(batch: Batch, out: Output) -> None:
    """One batch as one JSON document."""
    _write_json(_told(batch), out)


def print_status(batches: Sequence[Batch], out: Output, *, as_json: bool = False) -> None:
    """One line per batch, and one for each thing that was wrong, keeps it waiting or is a job."""
    if as_json:
        _write_json([_told(batch) for batch in batches], out)
        return
    if not batches:
        out.write("There are no batches yet. Begin with: manage.py eng5 execute")
    for batch in batches:
        label = f" {batch.label!r}" if batch.label else ""
        mock = ", mock judge" if batch.mock else ""
        reason = f" ({batch.stop_reason})" if batch.stop_reason else ""
        out.write(
            f"{batch.pk}{label}: {batch.status}{reason}, {_answered_words(batch)}, "
            f"{plural(batch.waves.count(), 'wave', 'waves')}, {batch.llm_batching_mode}{mock}, "
            f"{cost_words(cost_summary(batch))}"
        )
        if batch.failure:
            out.write(f"  failed: {batch.failure}")
        for warning in batch.warnings:
            if warning["code"] == "other_address":
                out.write(f"  warning: {warning['message']}")
        for trouble in troubles_of(batch):
            out.write(f"  waits: {trouble_words(trouble)}")
        for job in jobs_of(batch):
            out.write(f"  job: {job_words(job)}")
        if waiting := waiting_words(batch):
            out.write(f"  {waiting}")


def _answered_words(batch: Batch) -> str:
    """How far it is; of a batch that has ended, what came of it: it need not reach its most."""
    words = (
        f"{batch.completed} judged, {batch.failed} failed, "
        f"of at most {batch.completion_denominator} comparisons"
    )
    return words if batch.ended else f"{words} ({batch.progress:.0%})"


def also_judged_words(batch: Batch) -> str:
    """What a command says of a batch that is not its own, and that it goes on with all the same."""
    label = f" {batch.label!r}" if batch.label else ""
    mock = ", mock judge" if batch.mock else ""
    return (
        f"Also goes on, as nobody else works this database: batch {batch.pk}{label}, "
        f"{batch.callbacks} of at most {batch.completion_denominator} comparisons{mock}, so far "
        f"{cost_words(cost_summary(batch))}. If you do not want it: manage.py eng5 cancel "
        f"{batch.pk}"
    )


def _told(batch: Batch) -> dict[str, Any]:
    return {
        "batch": batch_summary(batch),
        "cost": cost_summary(batch),
        "jobs": jobs_of(batch),
        "troubles": [trouble_document(trouble) for trouble in troubles_of(batch)],
        "warnings": batch.warnings,
    }


def _write_json(told: object, out: Output) -> None:
    out.write(json.dumps(told, indent=1, ensure_ascii=False))


def cost_words(cost: Mapping[str, Any]) -> str:
    """A cost as far as it is known, per comparison, and what may come on top."""
    known = _known_words(cost)
    if not cost["unanswered_calls"]:
        return known
    return (
        f"{known}; up to ${cost['unanswered_at_most_usd']:.4f} more for "
        f"{plural(cost['unanswered_calls'], 'call', 'calls')} without an answer"
    )


def _known_words(cost: Mapping[str, Any]) -> str:
    unpriced = cost["unpriced_calls"]
    if cost["usd"] is None:
        return f"at an unknown cost (no price is known for {unpriced} calls)"
    if unpriced:
        return f"over ${cost['usd']:.4f} (no price is known for {unpriced} calls)"
    each = cost["usd_per_comparison"]
    per_comparison = f", ${each:.6f} a comparison" if each is not None else ""
    return f"${cost['usd']:.4f}{per_comparison}"


def write_rows(rows: Sequence[tuple[str, str]], out: Output) -> None:
    """Names to the left, what there is to say about each to the right."""
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
