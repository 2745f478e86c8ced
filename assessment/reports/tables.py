"""Rows of the report's tables: plain strings, ready to be shown."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from assessment.reports import checks, summaries
from assessment.reports.costs import cost_value
from assessment.reports.figures import (
    MISSING,
    count,
    decimal,
    interval,
    percent,
    signed,
)
from assessment.reports.groups import group_numbers
from assessment.reports.schema import RunDocument
from assessment.reports.warning_signs import marked

Row = dict[str, Any]
SURPRISES = 12


def student_rows(document: RunDocument) -> list[Row]:
    """Students by rank, or by group and score where groups never met; the rest last."""
    students = [result for result in document["results"] if result["role"] == "student"]
    groups = group_numbers(document)
    students.sort(
        key=lambda row: (
            groups.get(row["essay"], len(groups) + 1),
            row["rank"] is None,
            row["rank"] or 0,
            -(row["score"] or 0.0),
            row["essay"],
        )
    )
    return [
        {
            **_scored(result),
            "rank": count(result["rank"]),
            "group": count(groups.get(result["essay"])),
            "grade": result["grade"] or MISSING,
            "beyond": summaries.BEYOND.get(result["beyond"]),
            "probability": percent((result["grade_probabilities"] or {}).get(result["grade"])),
            "second": _second_grade(result),
            "confidence": summaries.worded(summaries.CONFIDENCES, result["grade_confidence"]),
            "known_grade": result["known_grade"] or MISSING,
        }
        for result in students
    ]


def anchor_rows(document: RunDocument) -> list[Row]:
    """Anchors by score, best first, with the anchors they are out of order with."""
    better_graded = defaultdict(list)
    worse_graded = defaultdict(list)
    for pair in document["measurement"]["anchor_inversions"]:
        better_graded[pair["lower_grade_essay"]].append(pair["higher_grade_essay"])
        worse_graded[pair["higher_grade_essay"]].append(pair["lower_grade_essay"])
    firm = {
        pair[key]
        for pair in document["measurement"]["anchor_inversions"]
        for key in ("higher_grade_essay", "lower_grade_essay")
        if not summaries.by_chance(pair)
    }
    by_others = checks.anchor_checks(document)
    anchors = [result for result in document["results"] if result["role"] == "anchor"]
    anchors.sort(key=lambda row: (row["score"] is None, -(row["score"] or 0.0), row["essay"]))
    return [
        {
            **_scored(result),
            "known_grade": result["known_grade"] or MISSING,
            "above": better_graded[result["essay"]],
            "below": worse_graded[result["essay"]],
            "firm": result["essay"] in firm,
            "by_others": by_others.get(result["essay"], MISSING),
        }
        for result in anchors
    ]


def judge_rows(document: RunDocument) -> list[Row]:
    """Calls, tokens and cost by judge."""
    return [
        {
            "judge": f"{judge['provider']} / {judge['model']}",
            "calls": count(judge["calls"]),
            "input_tokens": count(judge["input_tokens"]),
            "output_tokens": count(judge["output_tokens"]),
            "cost": cost_value(judge),
        }
        for judge in document["cost"]["by_judge"]
    ]


def failure_rows(document: RunDocument) -> list[Row]:
    """Failed calls and comparisons without a verdict, by error type, the most frequent first."""
    calls = Counter(call["error_type"] for call in document["calls"] if call["error_type"])
    comparisons = Counter(
        row["error"]["error_type"] for row in document["comparisons"] if row["error"]
    )
    kinds = sorted(calls.keys() | comparisons.keys(), key=lambda kind: (-calls[kind], kind))
    return [
        {
            "kind": kind,
            "words": summaries.ERROR_TYPES.get(kind, ""),
            "calls": count(calls[kind]),
            "comparisons": count(comparisons[kind]),
        }
        for kind in kinds
    ]


def wave_rows(document: RunDocument) -> list[Row]:
    """Each wave with what was decided after it, and why."""
    return [
        {
            "number": wave["number"],
            "kind": summaries.worded(summaries.WAVE_KINDS, wave["kind"]),
            "size": count(wave["size"]),
            "successes": count(wave["successes"]),
            "change": decimal(wave["max_score_change"]),
            "reliability": decimal(wave["reliability"]),
            "decision": summaries.worded(summaries.DECISIONS, wave["decision"]),
            "reason": summaries.STOP_REASONS.get(wave["reason"] or "", wave["reason"] or ""),
        }
        for wave in document["waves"]
    ]


def agreement_rows(document: RunDocument) -> list[Row]:
    """Agreement of the projected with the known grades, a row for each figure."""
    rows = []
    for key, value in (document["measurement"]["agreement"] or {}).items():
        name, meaning = summaries.AGREEMENTS.get(key, (key.replace("_", " "), ""))
        low = high = None
        if isinstance(value, Mapping):
            value, low, high = value["value"], value.get("low"), value.get("high")
        known_range = low is not None and high is not None
        rows.append(
            {
                "name": name,
                "meaning": meaning,
                "value": _agreement(key, value),
                "interval": f"{_agreement(key, low)} to {_agreement(key, high)}"
                if known_range
                else MISSING,
            }
        )
    return rows


def agreement_lacks_intervals(document: RunDocument) -> bool:
    """Whether a figure stands without bounds (see `measurement.bootstraps.Measure`)."""
    figures = (document["measurement"]["agreement"] or {}).values()
    return any(
        one["value"] is not None and one.get("low") is None
        for one in figures
        if isinstance(one, Mapping)
    )


def surprise_rows(document: RunDocument) -> list[Row]:
    """The verdicts that had the least chance given the final scores, with the judge's words.

    The gap is the loser's score minus the winner's, in logits; only gaps above 0 are listed. Runs
    that did not record chances have them empty and are ordered by the gap.
    """
    recorded = checks.chances(document)
    chances = recorded or {}
    scores = {row["essay"]: row["score"] for row in document["results"] if row["score"] is not None}
    gaps = []
    for row in document["comparisons"]:
        if row["winner"] is None or row["essay_a"] not in scores or row["essay_b"] not in scores:
            continue
        loser = "essay_b" if row["winner"] == "essay_a" else "essay_a"
        gap = scores[row[loser]] - scores[row[row["winner"]]]
        if gap > 0 and (recorded is None or row["correlation_id"] in chances):
            gaps.append((gap, row["correlation_id"], row[row["winner"]], row[loser], row))
    gaps.sort(key=lambda found: (chances.get(found[1], 0.0), -found[0], found[1]))
    return [
        {
            "winner": winner,
            "loser": loser,
            "gap": decimal(gap),
            "chance": percent(chances[key]) if key in chances else "",
            "confidence": MISSING if row["confidence"] is None else f"{row['confidence']:g} of 5",
            "justification": row["justification"] or "",
        }
        for gap, key, winner, loser, row in gaps[:SURPRISES]
    ]


def hash_rows(document: RunDocument) -> list[Row]:
    """Every input with its sha256."""
    inputs = document["inputs"]
    sources = [
        (role.replace("_", " "), inputs[role])
        for role in ("task", "rubric", "system_prompt", "mock_truth")
        if inputs[role]
    ]
    files = [(file["role"], file) for file in inputs["files"]]
    return [
        {
            "role": role,
            "name": source["name"],
            "words": count(source["words"]) if "words" in source else MISSING,
            "sha256": source["sha256"],
        }
        for role, source in [*sources, *files]
    ]


def pair_rows(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A mapping as rows of two strings, nested mappings with dotted names."""
    return list(_flat(values, ""))


def _flat(values: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield f"{prefix}{key}", ", ".join(map(str, value)) or MISSING
        else:
            yield f"{prefix}{key}", MISSING if value is None else str(value)


def _scored(result: Mapping[str, Any]) -> Row:
    return {
        "name": result["essay"],
        "score": signed(result["score"]),
        "interval": interval(result["score"], result["se"]),
        "comparisons": count(result["comparisons"]),
        "to_read": marked(result),
    }


def _second_grade(result: Mapping[str, Any]) -> str:
    """The next likely grade, where it is likely enough (10 %) to matter."""
    others = [
        (share, grade)
        for grade, share in (result["grade_probabilities"] or {}).items()
        if share is not None and grade != result["grade"]
    ]
    share, grade = max(others, default=(0.0, ""))
    return f"{grade} {percent(share)}" if share >= 0.1 else ""


def _agreement(key: str, value: object) -> str:
    if not isinstance(value, int | float):
        return MISSING if value is None else str(value)
    if key == "n":
        return count(value)
    if key in ("exact", "adjacent"):
        return percent(value)
    return signed(value) if key == "mean_signed_difference" else decimal(value)
