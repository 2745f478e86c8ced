"""How far the verdicts agree with each other: judges, repeats, misfit, and what to look at.

Runs recorded before these figures existed have none of their keys; then there are no rows.
"""

from collections.abc import Mapping
from typing import Any

from assessment.reports.figures import MISSING, count, decimal, percent, plural
from assessment.reports.schema import RunDocument

Row = dict[str, Any]
MOST_REVIEWS = 12

REVIEWS = {
    "misfit": "the verdicts about it contradict each other more than those about most essays",
    "near_boundary": "its grade is less likely than all other grades together",
    "few_comparisons": "few comparisons",
    "beyond_anchors": "stands outside all anchors",
    "not_connected": "never compared, even indirectly, with most of the others",
}
NEAR_BOUNDARY = "near_boundary"


def review_rows(document: RunDocument) -> list[Row]:
    """Essays to look at, those with most reasons first, at most `MOST_REVIEWS`.

    Nearness to a boundary alone is no reason here: the students' table has it as confidence.
    """
    return [
        {
            "name": result["essay"],
            "role": result["role"],
            "reasons": "; ".join(_reason(result, reason) for reason in result["review"]),
        }
        for result in _to_review(document)[:MOST_REVIEWS]
    ]


def review_words(document: RunDocument) -> str:
    """How many more there are than the table shows."""
    more = len(_to_review(document)) - MOST_REVIEWS
    if more <= 0:
        return ""
    return f"{plural(more, 'more is', 'more are')} marked in the column review of results.csv."


def judge_check_rows(document: RunDocument) -> list[Row]:
    """Each judge's agreement with the others and misfit."""
    return [
        {
            "judge": judge["judge"].replace(":", " / ", 1),
            "comparisons": count(judge["comparisons"]),
            "agreement": percent(judge["agreement"]),
            "expected": percent(judge["expected_agreement"]),
            "infit": decimal(judge["infit"]),
            "outfit": decimal(judge["outfit"]),
            "misfits": judge["misfits"],
        }
        for judge in document["measurement"].get("judges") or []
    ]


def consistency_words(document: RunDocument) -> list[str]:
    """A sentence for each thing that shows whether verdicts hold."""
    measurement = document["measurement"]
    told = []
    order = measurement.get("order_agreement")
    if order:
        told.append(
            f"{plural(order['pairs'], 'pair was', 'pairs were')} shown in both orders; in "
            f"{percent(order['agreement'])} of them the same text won both times (95 % interval "
            f"{percent(order['low'])} to {percent(order['high'])}). Texts that are close in "
            "quality change places easily, whoever judges."
        )
    triads = measurement.get("triads")
    if triads and triads["complete"]:
        told.append(
            f"Verdicts that go round in a circle (A beats B, B beats C, C beats A): "
            f"{percent(triads['share'])} of {count(triads['complete'])} groups of three in which "
            "each met each. 0 would be full consistency, coin tosses give 25 %."
        )
    left_out = measurement.get("not_computed") or []
    if left_out:
        told.append(f"Not worked out for so many comparisons: {', '.join(left_out)}.")
    return told


def field_rows(document: RunDocument) -> list[Row]:
    """The figures that specialists and other tools use, each with its meaning.

    Only sigma while no reliability is shown: the others look good on coin tosses too.
    """
    measurement = document["measurement"]
    field = measurement.get("field") or {}
    eps = decimal(field.get("eps"), 1)
    rows = [
        (
            "Sigma",
            measurement["sigma"],
            "spread of the true scores in logits, as these judges see the essays: two essays taken "
            "at random are about 1.1 times as far apart. It says nothing about pupils in general",
        ),
        *(
            (
                f"Split half, by {by}",
                (measurement.get(key) or {}).get("stepped_up"),
                f"half of the {by} scored apart from the other half: the correlation of the two, "
                "stepped up to the whole (Spearman-Brown); 1 is full agreement",
            )
            for key, by in (("split_half", "verdicts"), ("split_half_by_judges", "judges"))
        ),
        (
            "SSR",
            field.get("ssr_mle"),
            "scale separation reliability as other tools print it, 1 − mean SE² / variance of the "
            f"scores (scores with eps {eps}). Too high where pairs were chosen by score: it can "
            "say .9 for coin tosses. Use the reliability at the top instead",
        ),
        ("SSR, G²/(1 + G²)", field.get("ssr_g"), "the same, by its other definition"),
        (
            "Separation G",
            field.get("separation_g"),
            "spread of the scores divided by their typical error",
        ),
    ]
    return [
        {"name": name, "value": decimal(value), "meaning": meaning}
        for name, value, meaning in rows
        if value is not None and (name == "Sigma" or measurement["reliability"] is not None)
    ]


def anchor_checks(document: RunDocument) -> dict[str, str]:
    """By anchor: the grade that the other anchors would give it, and how far off that is."""
    return {
        check["essay"]: _check(check)
        for check in document["measurement"].get("anchor_checks") or []
    }


def _check(check: Mapping[str, Any]) -> str:
    if check["projected_grade"] is None:
        return MISSING
    steps = check["steps"]
    if not steps:
        return f"{check['projected_grade']}, the same"
    way = "higher" if steps > 0 else "lower"
    return f"{check['projected_grade']}, {plural(abs(steps), 'step', 'steps')} {way}"


def _to_review(document: RunDocument) -> list[Mapping[str, Any]]:
    found = [
        result
        for result in document["results"]
        if any(reason != NEAR_BOUNDARY for reason in result.get("review") or ())
    ]
    return sorted(found, key=lambda result: (-len(result["review"]), result["essay"]))


def _reason(result: Mapping[str, Any], reason: str) -> str:
    words = REVIEWS.get(reason, reason)
    if reason == "misfit":
        return f"{words} (infit {decimal(result['infit'])})"
    if reason == "few_comparisons":
        return f"{words} ({count(result['comparisons'])})"
    return words


def chances(document: RunDocument) -> dict[str, float] | None:
    """The chance that each surprising verdict had, by correlation id; None if not recorded."""
    found = document["measurement"].get("surprises")
    if found is None:
        return None
    return {surprise["correlation_id"]: surprise["probability"] for surprise in found}
