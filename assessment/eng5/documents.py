"""The run document: everything about a run, built from the batch's rows alone."""

import platform
from collections import Counter
from importlib.metadata import version
from typing import Any

from assessment.lifecycle.costs import cost_so_far
from assessment.lifecycle.jobs import jobs_of
from assessment.models import Batch, ComparisonPair, Wave
from cjproject import __version__
from llmprovider.contracts import bills

SCHEMA_VERSION = 1


def run_document(batch: Batch) -> dict[str, Any]:
    """`run.json` of a batch in any state; what is not known yet is null or empty."""
    record = batch.run_record or {}
    calls = bills.calls_of(str(batch.pk))
    result = batch.result or {}
    names = dict(batch.essays.values_list("position", "name"))
    return {
        "run": {
            "id": str(batch.request_correlation_id),
            "label": batch.label,
            "command": record.get("command", ""),
            "started_at": batch.created_at.isoformat(),
            "finished_at": batch.completed_at.isoformat() if batch.completed_at else None,
            "schema_version": SCHEMA_VERSION,
        },
        "inputs": record.get("inputs") or _inputs_from_rows(batch),
        "settings": settings_in_force(batch),
        "batch": batch_summary(batch),
        "waves": [_wave(wave, names) for wave in batch.waves.order_by("number")],
        "comparisons": [_comparison(pair) for pair in _pairs(batch)],
        "results": _results(batch),
        "measurement": result.get("measurement") or _no_measurement(batch),
        "calls": calls,
        "jobs": jobs_of(batch),
        "cost": cost_summary(batch, calls),
        "warnings": batch.warnings,
        "versions": _versions(),
    }


def _no_measurement(batch: Batch) -> dict[str, Any]:
    if not batch.ended:
        reason = "not measured yet"
    elif not batch.completed:
        reason = "nothing was judged"
    else:
        reason = f"the run ended as {batch.status.lower()}, before it was measured"
    return {
        "reliability": None,
        "reliability_low": None,
        "reliability_high": None,
        "reliability_reason": reason,
        "sigma": None,
        "components": 0,
        "position_effect": None,
        "boundaries": [],
        "anchor_inversions": [],
        "agreement": None,
    }


def batch_summary(batch: Batch) -> dict[str, Any]:
    return {
        "id": batch.pk,
        "label": batch.label,
        "status": batch.status,
        "stop_reason": batch.stop_reason or None,
        "failure": batch.failure or None,
        "llm_batching_mode": batch.llm_batching_mode,
        "pairing_strategy": batch.pairing_strategy,
        "judges": batch.judges,
        "mock": batch.mock,
        "total_budget": batch.total_budget,
        "completion_denominator": batch.completion_denominator,
        "submitted": batch.submitted,
        "completed": batch.completed,
        "failed": batch.failed,
        "waves": batch.waves.count(),
        "completed_at": batch.completed_at.isoformat() if batch.completed_at else None,
    }


def cost_summary(batch: Batch, calls: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """What was spent, in all and per judge; `usd` is null where no part of it is known."""
    if calls is None:
        calls = bills.calls_of(str(batch.pk))
    judges: dict[tuple[str, str], dict[str, Any]] = {}
    for call in calls:
        key = (call["provider"], call["model"])
        judge = judges.setdefault(
            key,
            {
                "provider": key[0],
                "model": key[1],
                "calls": 0,
                "input_tokens": 0,
                "output_tokens": 0,
                "usd": 0.0,
                "unpriced_calls": 0,
                "unanswered_calls": 0,
                "unanswered_at_most_usd": 0.0,
            },
        )
        judge["calls"] += 1
        judge["input_tokens"] += call["input_tokens"]
        judge["output_tokens"] += call["output_tokens"]
        judge["usd"] += call["cost_usd"] or 0.0
        under_way = call["finished_at"] is None and not call["priced"]
        unanswered = under_way or call["reserved_usd"] > 0
        judge["unpriced_calls"] += call["cost_usd"] is None and not unanswered
        judge["unanswered_calls"] += unanswered
        judge["unanswered_at_most_usd"] += call["reserved_usd"] if unanswered else 0.0
    for judge in judges.values():
        if judge["unpriced_calls"] and not judge["usd"]:
            judge["usd"] = None  # unknown, not nothing
    return {**cost_so_far(batch), "by_judge": list(judges.values())}


def settings_in_force(batch: Batch) -> dict[str, Any]:
    """The service's settings and the batch's own; neither holds a key or a text."""
    mock = (batch.run_record or {}).get("mock")
    overrides = dict(batch.llm_config_overrides)
    if "system_prompt" in overrides:
        overrides["system_prompt"] = "given"
    return {
        **batch.settings_in_force,
        "seed": batch.seed,
        "judgements_per_pair": batch.judgements_per_pair,
        "compare_anchors": batch.compare_anchors,
        "money_cap_usd": float(batch.money_cap) if batch.money_cap is not None else None,
        "reliability_target": batch.reliability_target,
        "llm_config_overrides": overrides,
        **({"mock_judge": mock} if batch.mock and mock else {}),
    }


def _inputs_from_rows(batch: Batch) -> dict[str, Any]:
    return {
        "grade_scale": batch.grade_scale,
        "files": [
            {
                "name": essay.name,
                "role": essay.role,
                "sha256": essay.sha256,
                "words": essay.words,
                "known_grade": essay.known_grade or None,
            }
            for essay in batch.essays.defer("text").order_by("position")
        ],
        "task": None,
        "rubric": None,
        "system_prompt": None,
        "mock_truth": None,
    }


def _wave(wave: Wave, names: dict[int, str]) -> dict[str, Any]:
    return {
        "number": wave.number,
        "kind": wave.kind,
        "size": wave.size,
        "rounds": wave.round,
        "successes": wave.successes,
        "decision": wave.decision or None,
        "reason": wave.reason or None,
        "max_score_change": wave.max_score_change,
        "reliability": wave.reliability,
        "sigma": wave.sigma,
        "scores": {names[position]: score for position, score in enumerate(wave.scores)},
    }


def _pairs(batch: Batch) -> list[ComparisonPair]:
    return list(
        batch.pairs.exclude(status=ComparisonPair.Status.WITHDRAWN)
        .select_related("wave", "essay_a", "essay_b")
        .defer("essay_a__text", "essay_b__text")
        .order_by("id")
    )


def _comparison(pair: ComparisonPair) -> dict[str, Any]:
    return {
        "correlation_id": str(pair.correlation_id),
        "wave": pair.wave.number,
        "status": pair.status,
        "essay_a": pair.essay_a.name,
        "essay_b": pair.essay_b.name,
        "winner": pair.winner or None,
        "confidence": pair.confidence,
        "justification": pair.justification or None,
        "provider": pair.provider,
        "model": pair.model,
        "attempts": pair.attempts,
        "cost_usd": float(pair.cost_usd),
        "error": pair.error,
        "metadata": pair.result_metadata,
    }


_FIELD_STATISTICS = ("infit", "outfit", "eps_theta", "eps_se", "component")


def _results(batch: Batch) -> list[dict[str, Any]]:
    """Students by rank, then anchors by score; without scores while there are none."""
    # As the pair generator counts: what failed has no verdict.
    seen = batch.pairs.exclude(
        status__in=[ComparisonPair.Status.FAILED, ComparisonPair.Status.WITHDRAWN]
    )
    shown_first = Counter(seen.values_list("essay_a_id", flat=True))
    shown_second = Counter(seen.values_list("essay_b_id", flat=True))
    found = (batch.result or {}).get("essays") or []
    rows = []
    for essay in batch.essays.defer("text").select_related("projection").order_by("position"):
        projection = getattr(essay, "projection", None)
        # Results of earlier versions have no such entry.
        known = found[essay.position] if essay.position < len(found) else {}
        rows.append(
            {
                "essay": essay.name,
                "role": essay.role,
                "rank": projection.rank if projection else None,
                "score": projection.score if projection else None,
                "se": projection.se if projection else None,
                "comparisons": projection.comparisons if projection else 0,
                "wins": projection.wins if projection else 0,
                "grade": projection.grade if projection else None,
                "grade_probabilities": projection.grade_probabilities if projection else None,
                "grade_confidence": (projection.grade_confidence or None) if projection else None,
                "beyond": (projection.beyond or None) if projection else None,
                "known_grade": essay.known_grade or None,
                "essay_a_count": shown_first[essay.pk],
                "essay_b_count": shown_second[essay.pk],
                **{key: known.get(key) for key in _FIELD_STATISTICS},
                "review": known.get("review", []),
                "warning_signs": essay.warning_signs,
            }
        )
    return sorted(
        rows,
        key=lambda row: (
            row["role"] != "student",
            row["rank"] is None,
            row["rank"] or 0,
            # Ranks are missing where groups never met: scores of different groups are no order.
            (row["component"] or 0) if row["rank"] is None else 0,
            -(row["score"] or 0.0),
            row["essay"],
        ),
    )


def _versions() -> dict[str, str]:
    packages = ("django", "celery", "numpy", "scipy", "anthropic", "openai")
    return {
        "essay-judge": __version__,
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }
