"""Positions of a run, in words and rows: for the report and for `eng5 balance` alike."""

from typing import Any

from assessment.pairing.balances import Balance, Evenness, balance_of
from assessment.reports.figures import count, decimal, percent, plural, signed
from assessment.reports.schema import RunDocument


def balance_in(document: RunDocument) -> Balance:
    """Who was named first how often; comparisons that failed have no verdict."""
    places = {row["essay"]: place for place, row in enumerate(document["results"])}
    seen = [
        (places[row["essay_a"]], places[row["essay_b"]])
        for row in document["comparisons"]
        if not row["error"] and row["essay_a"] in places and row["essay_b"] in places
    ]
    return balance_of(
        list(places),
        [row["role"] == "anchor" for row in document["results"]],
        [first for first, _ in seen],
        [second for _, second in seen],
    )


def balance_rows(balance: Balance) -> list[dict[str, Any]]:
    """Times shown first and second for each essay, the most uneven first."""
    return [
        {
            "name": essay.name,
            "role": "anchor" if essay.is_anchor else "student",
            "first": count(essay.first),
            "second": count(essay.second),
            "difference": signed(essay.difference, 0),
        }
        for essay in balance.essays
    ]


def anchor_words(balance: Balance) -> str:
    """Whether anchors stood first more often than the students they met."""
    if balance.anchors is None:
        return "No anchor was compared with a student."
    met = balance.anchor_met
    return (
        "When an anchor met a student, the anchor was shown first in "
        f"{count(balance.anchor_first)} of {plural(met, 'comparison', 'comparisons')} "
        f"({percent(balance.anchor_first / met)}): {_verdict(balance.anchors)}."
    )


def overall_words(balance: Balance) -> str:
    """Whether the essays as a whole were shown first and second evenly; the worst of them."""
    if balance.overall is None:
        return "No comparison was made yet."
    return (
        f"Over all essays the order was {_verdict(balance.overall)}. "
        "For no essay do first and second differ by more than "
        f"{count(balance.worst)}."
    )


def _verdict(found: Evenness) -> str:
    if found.uneven:
        words = "more uneven than chance would make it"
    elif found.p > 0.95:
        words = "more even than chance would make it, as it should be"
    else:
        words = "no more uneven than chance"
    degrees = plural(found.df, "degree of freedom", "degrees of freedom")
    return f"{words} (chi-square {decimal(found.chi_square)}, {degrees}, {_p(found.p)})"


def _p(p: float) -> str:
    if p < 0.001:
        return "p < 0.001"
    return "p > 0.999" if p > 0.999 else f"p = {decimal(p, 3)}"
