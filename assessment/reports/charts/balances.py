"""How evenly the essays were shown first and second."""

from collections import Counter
from collections.abc import Iterable

from assessment.reports.charts.svg import element, picture, text, tooltip
from assessment.reports.figures import plural, signed

HEIGHT = 150
TOP = 18
FOOT = 38
WIDEST = 12  # differences beyond this share the outermost bars


def balance_chart(students: Iterable[int], anchors: Iterable[int]) -> str:
    """Essays by (times shown first - times shown second); anchors on top of the students."""
    by_role = (Counter(map(_kept, students)), Counter(map(_kept, anchors)))
    reach = max([abs(value) for counter in by_role for value in counter] + [2])
    places = range(-reach, reach + 1)
    tallest = max([by_role[0][value] + by_role[1][value] for value in places] + [1])
    width = 100 / len(places)
    parts = [element("line", class_="tick", x1="0%", x2="100%", y1=TOP + HEIGHT, y2=TOP + HEIGHT)]
    for index, value in enumerate(places):
        floor = float(TOP + HEIGHT)
        for kind, counter in zip(("student", "anchor"), by_role, strict=True):
            tall = HEIGHT * counter[value] / tallest
            floor -= tall
            if tall:
                bar = element(
                    "rect",
                    class_="bar",
                    x=f"{index * width + 0.1 * width:.2f}%",
                    width=f"{0.8 * width:.2f}%",
                    y=floor,
                    height=tall,
                )
                words = f"{plural(counter[value], kind, kind + 's')}: difference {_label(value)}"
                parts.append(element("g", tooltip(words) + bar, class_=kind))
        middle = f"{(index + 0.5) * width:.2f}%"
        both = by_role[0][value] + by_role[1][value]
        if both:
            parts.append(text(both, class_="tick-label", x=middle, y=floor - 5))
        if len(places) <= 11 or value % 2 == 0:
            parts.append(text(_label(value), class_="tick-label", x=middle, y=TOP + HEIGHT + 16))
    name = "Times shown first minus times shown second"
    parts.append(text(name, class_="axis-name", x="50%", y=TOP + HEIGHT + 33))
    told = ", ".join(
        f"{plural(both, 'essay', 'essays')} at {_label(value)}"
        for value in places
        if (both := by_role[0][value] + by_role[1][value])
    )
    return picture(
        parts,
        key="balance",
        title="How many essays were shown first more often than second",
        description=told or "No comparisons.",
        height=TOP + HEIGHT + FOOT,
        class_="balance",
    )


def _kept(difference: int) -> int:
    return max(-WIDEST, min(WIDEST, difference))


def _label(value: int) -> str:
    beyond = "≥" if value == WIDEST else "≤" if value == -WIDEST else ""
    return beyond + (signed(value, 0) if value else "0")
