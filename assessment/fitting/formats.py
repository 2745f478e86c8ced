"""A fit document as JSON, as csv and as a table to read."""

import json
from collections.abc import Iterable, Sequence

from assessment.fitting.documents import Document
from assessment.intake.errors import printable
from assessment.reports.csv_exports import csv_text
from assessment.reports.grades import Shares, unheld_words

ITEM_COLUMNS = (
    "item",
    "comparisons",
    "wins",
    "score",
    "se",
    "eps_theta",
    "eps_se",
    "infit",
    "outfit",
    "component",
    "grade",
    "grade_confidence",
    "beyond",
    "known_grade",
)
_MISSING = "-"
_LONGEST_NAME = 40
_GAP = "  "


def as_json(document: Document) -> str:
    """The whole document."""
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)


def as_csv(document: Document) -> str:
    """One line per item: `ITEM_COLUMNS`, review, and a column p_<grade> for each grade.

    Names that a spreadsheet would take for a formula get a leading apostrophe.
    """
    anchors = document["summary"]["anchors"]
    labels = anchors["grade_scale"] if anchors else []
    rows = []
    for item in document["items"]:
        shares = item["grade_probabilities"] or {}
        rows.append(
            [item[column] for column in ITEM_COLUMNS]
            + [" ".join(item["review"])]
            + [shares.get(label) for label in labels]
        )
    return csv_text([*ITEM_COLUMNS, "review", *(f"p_{label}" for label in labels)], rows)


def as_table(document: Document) -> str:
    """Items, judges where there are several, and the summary in plain words."""
    summary = document["summary"]
    graded = summary["anchors"] is not None
    heads = ["item", "score", "se", "comparisons", "wins", "infit", "outfit", "eps theta", "eps se"]
    if summary["components"] > 1:
        heads.append("group")
    if graded:
        heads += ["grade", "chance", "confidence"]
    parts = [_table(heads, (_item(item, heads) for item in document["items"]))]
    if len(document["judges"]) > 1:
        parts.append(
            _table(
                ["judge", "decisions", "agreement", "expected", "infit", "outfit", ""],
                (
                    [
                        printable(judge["judge"], longest=_LONGEST_NAME),
                        str(judge["comparisons"]),
                        _number(judge["agreement"]),
                        _number(judge["expected_agreement"]),
                        _number(judge["infit"]),
                        _number(judge["outfit"]),
                        "look at this judge" if judge["misfits"] else "",
                    ]
                    for judge in document["judges"]
                ),
            )
        )
    shares = [item["grade_probabilities"] for item in document["items"]]
    parts.append("\n".join(_summary(summary, shares)))
    return "\n\n".join(parts)


def _item(item: Document, heads: Sequence[str]) -> list[str]:
    shares = item["grade_probabilities"] or {}
    cells = {
        "item": printable(item["item"], longest=_LONGEST_NAME),
        "comparisons": f"{item['comparisons']:g}",
        "wins": f"{item['wins']:g}",
        "group": str(item["component"]),
        "grade": f"{item['grade'] or _MISSING}{' *' if item['known_grade'] else ''}",
        "chance": _number(shares.get(item["grade"])),
        "confidence": item["grade_confidence"] or _MISSING,
    }
    return [cells.get(head) or _number(item[head.replace(" ", "_")]) for head in heads]


def _summary(summary: Document, shares: Sequence[Shares | None]) -> Iterable[str]:
    judges = f" by {summary['n_judges']} judges" if summary["n_judges"] > 1 else ""
    yield f"{summary['n_comparisons']} decisions between {summary['n_items']} items{judges}."
    if summary["reliability"] is not None:
        low, high = summary["reliability_interval"]
        yield (
            f"Reliability {summary['reliability']:.3f} (95 % likelihood interval {low:.3f} to "
            f"{high:.3f}): {summary['reliability_reason']}."
        )
    yield f"Spread of true scores, sigma: {summary['sigma']:.2f} logits."
    if summary["gamma"] is not None:
        gamma, se = summary["gamma"], summary["gamma_se"]
        yield f"Being shown first is worth {gamma:+.2f} logits (SE {se:.2f})."
    # Other tools' figures look good on coin tosses too, so they do not stand in for reliability.
    shown = summary["reliability"] is not None
    if shown and summary["ssr_mle"] is not None:
        yield (
            f"As other tools print it (eps {summary['eps']}): SSR {summary['ssr_mle']:.3f} "
            f"(1 - mean SE^2 / variance), {summary['ssr_g']:.3f} (G^2 / (1 + G^2)), "
            f"G {summary['separation_g']:.2f}. Too high where pairs were chosen by score."
        )
    for key, by in (("split_half", "decisions"), ("split_half_by_judges", "judges")):
        if shown and summary[key]:
            yield (
                f"Split half by {by}: correlation {summary[key]['correlation']:.3f}, "
                f"{summary[key]['stepped_up']:.3f} stepped up."
            )
    if summary["ab_ba"]:
        yield (
            f"Same winner in both orders: {summary['ab_ba']['agreement']:.0%} of "
            f"{summary['ab_ba']['pairs']} pairs."
        )
    if summary["triads"] and summary["triads"]["complete"]:
        yield (
            f"Circular triads: {summary['triads']['share']:.1%} of "
            f"{summary['triads']['complete']} (25 % by chance)."
        )
    if summary["anchors"]:
        yield "* anchor, with its known grade."
        if words := unheld_words(summary["anchors"]["grade_scale"], shares):
            yield words
        for pair in summary["anchors"]["inversions"]:
            yield (
                f"Anchors out of order: {printable(pair['worse'], longest=_LONGEST_NAME)} "
                f"({pair['worse_grade']}) above "
                f"{printable(pair['better'], longest=_LONGEST_NAME)} ({pair['better_grade']})."
            )
    for warning in summary["warnings"]:
        yield f"Warning: {warning}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns under their heads, the first to the left and the others to the right."""
    lines = [list(heads), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        _GAP.join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _number(value: float | None) -> str:
    return _MISSING if value is None else f"{value:.3f}"
