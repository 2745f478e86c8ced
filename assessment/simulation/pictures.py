"""A picture of simulated batches: accuracy and cost against comparisons per essay."""

from collections.abc import Mapping, Sequence

from assessment.reports.charts.axes import Axis, tick_label
from assessment.reports.charts.svg import element, text, tooltip
from assessment.simulation.tables import MeanRow

WIDTH, HEIGHT = 720.0, 300.0
LEFT, TOP, GAP, FOOT = 60.0, 48.0, 70.0, 50.0
# Blue, orange, green, purple: told apart by the colour-blind (Okabe & Ito, 2008).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
STYLE = (
    "text{font:13px sans-serif;fill:#222}.tick{stroke:#ddd}polyline{fill:none;stroke-width:2}"
    ".printed{stroke-dasharray:6 4}.tau{stroke-dasharray:2 4}"
)


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
    parts = [element("style", STYLE), *_frame(across, shares, TOP), *_frame(across, texts, below)]
    for index, (name, table) in enumerate(tables.items()):
        colour = COLOURS[index % len(COLOURS)]
        lines = (
            ("true r2", "true", TOP, shares, [row.true_r2 for row in table]),
            ("printed reliability", "printed", TOP, shares, [row.printed for row in table]),
            ("tau", "tau", TOP, shares, [row.tau for row in table]),
            ("texts sent", "texts", below, texts, [row.texts for row in table]),
        )
        for words, class_, top, axis, values in lines:
            points = " ".join(
                f"{_x(across, row.per_essay):.1f},{_y(axis, value, top):.1f}"
                for row, value in zip(table, values, strict=True)
            )
            line = element("polyline", points=points, class_=class_, stroke=colour)
            parts.append(element("g", tooltip(f"{name}: {words}") + line))
        place = LEFT + 150.0 * index
        parts.append(element("rect", x=place, y=12, width=14, height=4, fill=colour))
        parts.append(text(name, x=place + 20, y=19))
    parts.append(text("solid: true r2, dashed: printed reliability, dotted: tau", x=LEFT, y=36))
    parts.append(text("texts sent", x=LEFT, y=below - 8))
    parts.append(
        text(
            "comparisons per essay",
            x=LEFT + WIDTH / 2,
            y=below + HEIGHT + 40,
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
