"""Two scores of each essay against each other: on the diagonal they are the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from assessment.reports.charts.axes import Axis, axis_around, tick_label
from assessment.reports.charts.marks import mark
from assessment.reports.charts.svg import element, picture, text, tooltip
from assessment.reports.figures import Z95, signed

TOP = 12
HEIGHT = 440
FOOT = 40


@dataclass(frozen=True)
class TwiceScored:
    """An essay with its scores and their standard errors (logits) in the first and second run."""

    label: str
    is_anchor: bool
    scores: tuple[float, float]
    errors: tuple[float, float]


def scatter_chart(essays: Sequence[TwiceScored]) -> str:
    """First score to the right, second upwards, each with its 95 % interval; anchors on top."""
    axis = axis_around(
        score + sign * Z95 * error
        for essay in essays
        for score, error in zip(essay.scores, essay.errors, strict=True)
        for sign in (-1, 1)
    )
    ordered = sorted(essays, key=lambda essay: essay.is_anchor)
    same = element("line", class_="boundary", x1="0%", y1=TOP + HEIGHT, x2="100%", y2=TOP)
    parts = [*_frame(axis), same, *(_point(essay, axis) for essay in ordered)]
    return picture(
        parts,
        key="scores-of-both",
        title="Score of each essay in both runs",
        description=f"{len(essays)} essays; on the dashed line both scores are the same.",
        height=TOP + HEIGHT + FOOT,
        class_="series",
    )


def _place(axis: Axis, value: float) -> float:
    return TOP + HEIGHT * (1 - axis.share(value) / 100)


def _point(essay: TwiceScored, axis: Axis) -> str:
    x, y = axis.percent(essay.scores[0]), _place(axis, essay.scores[1])
    (left, right), (low, high) = (
        (score - Z95 * error, score + Z95 * error)
        for score, error in zip(essay.scores, essay.errors, strict=True)
    )
    kind = "anchor" if essay.is_anchor else "student"
    first, second = essay.scores
    parts = [
        tooltip(f"{essay.label} ({kind}): {signed(first)} and {signed(second)}"),
        element("line", class_="range", x1=axis.percent(left), x2=axis.percent(right), y1=y, y2=y),
        element("line", class_="range", x1=x, x2=x, y1=_place(axis, low), y2=_place(axis, high)),
        mark(essay.is_anchor, x, y),
    ]
    return element("g", "".join(parts), class_=kind)


def _frame(axis: Axis) -> list[str]:
    parts = []
    for value in axis.ticks(7):
        x, y = axis.percent(value), _place(axis, value)
        parts.append(element("line", class_="tick", x1="0%", x2="100%", y1=y, y2=y))
        parts.append(element("line", class_="tick", x1=x, x2=x, y1=TOP, y2=TOP + HEIGHT))
        parts.append(text(tick_label(value), class_="value-label", x=-8, y=y + 4))
        parts.append(text(tick_label(value), class_="tick-label", x=x, y=TOP + HEIGHT + 16))
    words = "Score in run 1 (logits); upwards in run 2"
    parts.append(text(words, class_="axis-name", x="50%", y=TOP + HEIGHT + 34))
    return parts
