"""Scores with their 95 % intervals as one SVG file that stands alone."""

from assessment.fitting.documents import Document
from assessment.intake.errors import printable
from assessment.reports.charts.axes import Axis, axis_around, tick_label
from assessment.reports.charts.svg import element, text, tooltip

Z95 = 1.959964
WIDTH, LEFT, RIGHT, TOP, LINE, FOOT = 900.0, 250.0, 60.0, 60.0, 16.0, 14.0
NAMED_ITEMS = 300
"""With more items than this, lines get too close for names."""

_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1c2230}.soft{fill:#565f6e}"
    ".tick{stroke:#e2e5ea}.range{stroke:#2159b8;stroke-opacity:.5;stroke-width:2.5}"
    ".mark{fill:#2159b8}.anchor .range{stroke:#b0480a}.anchor .mark{fill:#b0480a}"
    ".anchor text{fill:#b0480a}.boundary{stroke:#565f6e;stroke-dasharray:4 3}"
)


def as_svg(document: Document) -> str:
    """The picture of a fit document, best item on top; anchors in a second colour.

    With more than 300 items lines are 3 pixels apart and items are named on hover only.
    """
    items = document["items"]
    named = len(items) <= NAMED_ITEMS
    line = LINE if named else 3.0
    height = TOP + line * len(items) + FOOT
    axis = axis_around(
        item["score"] + side * Z95 * item["se"] for item in items for side in (-1, 1)
    )
    anchors = document["summary"]["anchors"]
    parts = [
        element("title", "Scores with their 95 % intervals"),
        element("style", _STYLE),
        element("rect", width=WIDTH, height=height, fill="#ffffff"),
        text(_caption(bool(anchors)), x=LEFT, y=18.0, class_="soft"),
        *(_upright(axis, tick, height, "tick", tick_label(tick)) for tick in axis.ticks()),
        *(
            _upright(axis, boundary["logit"], height, "boundary", "")
            for boundary in (anchors["boundaries"] if anchors else [])
            if axis.low <= boundary["logit"] <= axis.high
        ),
        *(_item(item, axis, TOP + line * (place + 0.5), named) for place, item in enumerate(items)),
    ]
    return element(
        "svg",
        "\n".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH:g} {height:g}",
        width=WIDTH,
        height=height,
        role="img",
    )


def _caption(graded: bool) -> str:
    words = "Score in logits with its 95 % interval"
    if not graded:
        return words
    return f"{words}; dashed: where one grade ends; diamonds: anchors"


def _x(axis: Axis, logit: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * axis.share(logit) / 100


def _upright(axis: Axis, logit: float, height: float, kind: str, label: str) -> str:
    x = _x(axis, logit)
    line = element("line", x1=x, x2=x, y1=TOP - 8, y2=height - FOOT, class_=kind)
    return line + text(label, x=x, y=TOP - 14, class_="soft", text_anchor="middle")


def _item(item: Document, axis: Axis, y: float, named: bool) -> str:
    # XML has no place for control characters, not even escaped.
    name, reach = printable(item["item"], longest=300), Z95 * item["se"]
    x, anchor = _x(axis, item["score"]), item["known_grade"] is not None
    grade = f", grade {item['grade']}" if item["grade"] else ""
    parts = [
        tooltip(f"{name}: {item['score']:.2f} ± {reach:.2f}{grade}"),
        element(
            "line",
            x1=_x(axis, item["score"] - reach),
            x2=_x(axis, item["score"] + reach),
            y1=y,
            y2=y,
            class_="range",
        ),
        _mark(x, y, 3.5 if named else 1.5, anchor),
    ]
    if named:
        short = printable(name, longest=34)
        parts.append(text(short, x=LEFT - 12, y=y + 4, text_anchor="end"))
        parts.append(text(item["grade"] or "", x=WIDTH - RIGHT + 14, y=y + 4))
    return element("g", "".join(parts), class_="anchor" if anchor else "student")


def _mark(x: float, y: float, radius: float, anchor: bool) -> str:
    if not anchor:
        return element("circle", cx=x, cy=y, r=radius, class_="mark")
    reach = radius * 1.4
    points = " ".join(
        f"{x + dx * reach:.2f},{y + dy * reach:.2f}"
        for dx, dy in ((0, -1), (1, 0), (0, 1), (-1, 0))
    )
    return element("polygon", points=points, class_="mark")
