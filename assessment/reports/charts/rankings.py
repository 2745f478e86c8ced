"""The ranking: every essay as a point with its 95 % interval, grades as bands behind it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from assessment.reports.charts.axes import Axis, axis_around, tick_label
from assessment.reports.charts.labels import NARROW, WIDE, clip
from assessment.reports.charts.marks import mark
from assessment.reports.charts.svg import element, picture, text, tooltip
from assessment.reports.figures import Z95, interval, signed

ROW = 20
ROWS_PER_PICTURE = 40  # what fits on a printed page
TICK_BAND = 34
LABEL_LINE = 15
LABEL_LENGTH = 5  # characters of a grade that are shown
PHONE = 250  # pixels: how wide the picture is where it is narrowest


@dataclass(frozen=True)
class RankedEssay:
    """One row: score and se in logits (`se` None: no interval), `grade` as shown on the right."""

    label: str
    score: float
    se: float | None
    is_anchor: bool
    grade: str


@dataclass(frozen=True)
class GradeBoundary:
    """The place, in logits, where `upper` becomes likelier than `lower`."""

    lower: str
    upper: str
    logit: float


def ranking_charts(
    essays: Sequence[RankedEssay], boundaries: Sequence[GradeBoundary], *, key: str = "ranking"
) -> list[str]:
    """The ranking, best essay first, as one picture for every 40 rows on the same axis.

    key: what tells these pictures from others on the page.
    """
    if not essays:
        return []
    ordered = sorted(essays, key=lambda essay: (-essay.score, essay.label))
    edges = [end for essay in ordered for end in _ends(essay)]
    axis = axis_around([*edges, *(boundary.logit for boundary in boundaries)])
    pictures = math.ceil(len(ordered) / ROWS_PER_PICTURE)
    rows = math.ceil(len(ordered) / pictures)
    return [
        _picture(ordered[start : start + rows], start, len(ordered), boundaries, axis, key)
        for start in range(0, len(ordered), rows)
    ]


def _picture(
    essays: Sequence[RankedEssay],
    start: int,
    total: int,
    boundaries: Sequence[GradeBoundary],
    axis: Axis,
    key: str,
) -> str:
    bands, head = _grade_bands(boundaries, axis, len(essays) * ROW)
    bottom = head + len(essays) * ROW
    parts = [*bands, *_ticks(axis, head, bottom), *_boundary_lines(boundaries, axis, head, bottom)]
    parts += [_row(essay, axis, head + (i + 0.5) * ROW) for i, essay in enumerate(essays)]
    if any(essay.grade for essay in essays):
        parts.append(text("Grade", class_="column-name", x="100%", dx=8, y=head - 6))
    parts.append(text("Score (logits)", x="50%", y=bottom + 31, class_="axis-name"))
    span = f"{start + 1} to {start + len(essays)} of {total}"
    return picture(
        parts,
        key=f"{key}-{start + 1}",
        title=f"Ranking by score, essays {span}",
        description=(
            f"Best first. From {essays[0].label} ({signed(essays[0].score)}) "
            f"to {essays[-1].label} ({signed(essays[-1].score)}). "
            "The tables below give every figure."
        ),
        height=bottom + TICK_BAND,
        class_="ranking",
    )


def _row(essay: RankedEssay, axis: Axis, y: float) -> str:
    kind = "anchor" if essay.is_anchor else "student"
    known = "known grade" if essay.is_anchor else "grade"
    grade = f", {known} {essay.grade}" if essay.grade else ""
    range_words = f", 95 % interval {interval(essay.score, essay.se)}" if essay.se else ""
    x = axis.percent(essay.score)
    low, high = _ends(essay)
    parts = [
        tooltip(f"{essay.label} ({kind}): score {signed(essay.score)}{range_words}{grade}"),
        element("line", class_="guide", x1="0%", x2="100%", y1=y, y2=y),
        element("line", class_="range", x1=axis.percent(low), x2=axis.percent(high), y1=y, y2=y),
        mark(essay.is_anchor, x, y),
        text(clip(essay.label, WIDE), class_="name wide", x=-10, y=y + 4),
        text(clip(essay.label, NARROW), class_="name narrow", x=-8, y=y + 4),
        text(clip(essay.grade, LABEL_LENGTH), class_="grade", x="100%", dx=8, y=y + 4),
    ]
    return element("g", "".join(parts), class_=kind)


def _ends(essay: RankedEssay) -> tuple[float, float]:
    half = Z95 * (essay.se or 0.0)
    return essay.score - half, essay.score + half


def _ticks(axis: Axis, top: float, bottom: float) -> list[str]:
    parts = []
    for value in axis.ticks(7):
        x = axis.percent(value)
        parts.append(element("line", class_="tick", x1=x, x2=x, y1=top, y2=bottom + 4))
        parts.append(text(tick_label(value), class_="tick-label", x=x, y=bottom + 16))
    return parts


def _boundary_lines(
    boundaries: Sequence[GradeBoundary], axis: Axis, top: float, bottom: float
) -> list[str]:
    parts = []
    for boundary in boundaries:
        x = axis.percent(boundary.logit)
        words = f"{boundary.lower} | {boundary.upper} at {signed(boundary.logit)}"
        line = element("line", class_="boundary", x1=x, x2=x, y1=top - 4, y2=bottom)
        parts.append(element("g", tooltip(words) + line))
    return parts


def _grade_bands(
    boundaries: Sequence[GradeBoundary], axis: Axis, height: float
) -> tuple[list[str], float]:
    """Shaded bands between the boundaries with their labels, and the height the labels take.

    Labels that would touch on a phone go to a further line.
    """
    if not boundaries:
        return [], LABEL_LINE + 6.0
    ordered = sorted(boundaries, key=lambda boundary: boundary.logit)
    edges = [0.0, *(axis.share(boundary.logit) for boundary in ordered), 100.0]
    grades = [ordered[0].lower, *(boundary.upper for boundary in ordered)]
    line_ends: list[float] = []
    places: list[tuple[float, int, str]] = []
    for left, right, grade in zip(edges, edges[1:], grades, strict=False):
        middle = (left + right) / 2
        half = 50 * (7 * min(len(grade), LABEL_LENGTH) + 5) / PHONE
        line = next((i for i, end in enumerate(line_ends) if middle - half >= end), len(line_ends))
        line_ends[line : line + 1] = [middle + half]
        places.append((middle, line, grade))
    head = LABEL_LINE * len(line_ends) + 6.0
    parts = [
        element(
            "rect",
            class_="band odd" if index % 2 else "band",
            x=f"{left:.2f}%",
            width=f"{right - left:.2f}%",
            y=head,
            height=height,
        )
        for index, (left, right) in enumerate(zip(edges, edges[1:], strict=False))
    ]
    parts += [
        text(
            clip(grade, LABEL_LENGTH),
            class_="band-label",
            x=f"{x:.2f}%",
            y=head - 6 - LABEL_LINE * line,
        )
        for x, line, grade in places
    ]
    return parts, head
