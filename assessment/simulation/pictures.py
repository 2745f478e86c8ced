"""A picture of simulated batches: accuracy and cost against comparisons per essay."""

from collections.abc import Mapping, Sequence

from assessment.reports.charts.axes import Axis, tick_label
from assessment.reports.charts.svg import element, text, tooltip
from assessment.simulation.tables import MeanRow

WIDTH, HEIGHT = 720.0, 300.0
LEFT, TOP, GAP, FOOT = 60.0, 76.0, 74.0, 58.0
# Blue, orange, green, purple: told apart by the colour-blind (Okabe & Ito, 2008).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
STYLE = (
    "text{font:13px sans-serif;fill:#222}.tick{stroke:#ddd}"
    "polyline,.sample{fill:none;stroke-width:2}.sample{stroke:#222}"
    ".printed{stroke-dasharray:6 4}.tau{stroke-dasharray:2 4}"
    "circle{stroke-dasharray:none!important}circle.printed{fill:#fff}"
)
KINDS = (("true", "true r2"), ("printed", "printed reliability"), ("tau", "tau"))


def accuracy_picture(tables: Mapping[str, Sequence[MeanRow]]) -> str:
    """A free-standing SVG: above, true r2, printed reliability and tau; below, texts sent.

    tables: the rows of `mean_rows` by the name they go by in the legend. Raises ValueError where
    there is none to draw.
    """
    rows = [row for table in tables.values() for row in table]
    if not rows:
        raise ValueError("there is nothing to draw")
    across = Axis(0.0, max(row.per_essay for row in rows) or 1.0)
    shares = Axis(0.0, 1.0)
    texts = Axis(0.0, max(row.texts for row in rows) or 1.0)
    below = TOP + HEIGHT + GAP
    parts = [
        element("style", STYLE),
        _ground(below),
        *_frame(across, shares, TOP),
        *_frame(across, texts, below),
    ]
    for index, (name, table) in enumerate(tables.items()):
        colour = COLOURS[index % len(COLOURS)]
        lines = (
            ("true r2", "true", TOP, shares, [row.true_r2 for row in table]),
            ("printed reliability", "printed", TOP, shares, [row.printed for row in table]),
            ("tau", "tau", TOP, shares, [row.tau for row in table]),
            ("texts sent", "texts", below, texts, [row.texts for row in table]),
        )
        for words, class_, top, axis, values in lines:
            places = [
                (_x(across, row.per_essay), _y(axis, value, top))
                for row, value in zip(table, values, strict=True)
            ]
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            line = element("polyline", points=points, class_=class_, stroke=colour)
            dots = "".join(_dot(x, y, class_, colour) for x, y in places)
            parts.append(element("g", tooltip(f"{name}: {words}") + line + dots))
        place = LEFT + 150.0 * index
        parts.append(element("rect", x=place, y=15, width=24, height=4, fill=colour))
        parts.append(text(name, x=place + 32, y=21))
    for index, (class_, words) in enumerate(KINDS):
        place = LEFT + 190.0 * index
        shape = f"sample {class_}"
        parts.append(element("line", class_=shape, x1=place, x2=place + 24, y1=42, y2=42))
        parts.append(_dot(place + 12, 42.0, class_, "#222"))
        parts.append(text(words, x=place + 32, y=46))
    parts.append(text("texts sent", x=LEFT, y=below - 14))
    parts.append(
        text(
            "comparisons per essay",
            x=LEFT + WIDTH / 2,
            y=below + HEIGHT + 44,
            text_anchor="middle",
        )
    )
    width, height = LEFT + WIDTH + 20, below + HEIGHT + FOOT
    return element(
        "svg",
        tooltip("Accuracy and cost against comparisons per essay") + "".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        role="img",
    )


def _ground(below: float) -> str:
    """White behind everything: a viewer with a dark page would hide the words."""
    width, height = LEFT + WIDTH + 20, below + HEIGHT + FOOT
    return element("rect", x=0, y=0, width=width, height=height, fill="#fff")


def _dot(x: float, y: float, class_: str, colour: str) -> str:
    """A wave; it alone is seen where there is one wave only."""
    radius = 2.0 if class_ == "tau" else 3.0
    return element("circle", class_=class_, cx=x, cy=y, r=radius, fill=colour, stroke=colour)


def _frame(across: Axis, up: Axis, top: float) -> list[str]:
    parts = []
    for value in up.ticks(6):
        y = _y(up, value, top)
        parts.append(element("line", class_="tick", x1=LEFT, x2=LEFT + WIDTH, y1=y, y2=y))
        parts.append(text(tick_label(value), x=LEFT - 8, y=y + 4, text_anchor="end"))
    for value in across.ticks(10):
        x = _x(across, value)
        parts.append(text(tick_label(value), x=x, y=top + HEIGHT + 18, text_anchor="middle"))
    return parts


def _x(axis: Axis, value: float) -> float:
    return LEFT + WIDTH * axis.share(value) / 100.0


def _y(axis: Axis, value: float, top: float) -> float:
    return top + HEIGHT * (1.0 - axis.share(value) / 100.0)
