"""What happened from wave to wave: the scores, their largest change, the reliability."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assessment.reports.charts.axes import Axis, axis_around, tick_label, whole_ticks
from assessment.reports.charts.svg import element, picture, stretched, text, tooltip
from assessment.reports.figures import decimal, signed

TOP = 12
SCORES_HEIGHT = 300
SERIES_HEIGHT = 180
FOOT = 36


@dataclass(frozen=True)
class ScoreLine:
    """An essay's score (logits) after each wave, by wave number."""

    label: str
    is_anchor: bool
    scores: Mapping[int, float]


def score_lines_chart(lines: Sequence[ScoreLine], waves: Sequence[int]) -> str:
    """Scores per wave, one line an essay; anchors are drawn last, on top."""
    values = [score for line in lines for score in line.scores.values()]
    x_axis, y_axis = _wave_axis(waves), axis_around(values)
    ordered = sorted(lines, key=lambda line: line.is_anchor)
    paths = []
    for line in ordered:
        points = [(wave, line.scores[wave]) for wave in waves if wave in line.scores]
        words = (
            f"{line.label}: {signed(points[-1][1])} after wave {points[-1][0]}" if points else ""
        )
        kind = "anchor" if line.is_anchor else "student"
        drawn = _polyline(points, x_axis, y_axis)
        paths.append(element("g", tooltip(words) + drawn, class_=kind))
    parts = [
        *_frame(x_axis, y_axis, waves, SCORES_HEIGHT),
        stretched(paths, top=TOP, height=SCORES_HEIGHT),
    ]
    return picture(
        parts,
        key="scores-by-wave",
        title="Score of each essay after each wave",
        description=f"{len(lines)} lines over {len(waves)} waves, in logits.",
        height=TOP + SCORES_HEIGHT + FOOT,
        class_="series",
    )


def figure_chart(
    values: Mapping[int, float | None],
    *,
    key: str,
    title: str,
    threshold: float | None = None,
    ceiling: float | None = None,
) -> str:
    """One figure per wave, from 0 up to `ceiling` (or the largest value), with a threshold line.

    Waves without a value leave a gap.
    """
    waves = sorted(values)
    known = [(wave, value) for wave in waves if (value := values[wave]) is not None]
    high = ceiling or 1.1 * max([value for _, value in known] + [threshold or 0.0, 0.01])
    x_axis, y_axis = _wave_axis(waves), Axis(0.0, high)
    parts = _frame(x_axis, y_axis, waves, SERIES_HEIGHT)
    if threshold is not None and threshold <= high:
        y = _place(y_axis, threshold, SERIES_HEIGHT)
        parts.append(element("line", class_="threshold", x1="0%", x2="100%", y1=y, y2=y))
    runs = [_polyline(run, x_axis, y_axis) for run in _unbroken(waves, values) if len(run) > 1]
    parts.append(stretched(runs, top=TOP, height=SERIES_HEIGHT))
    for wave, value in known:
        dot = element(
            "circle", cx=x_axis.percent(wave), cy=_place(y_axis, value, SERIES_HEIGHT), r=4
        )
        parts.append(element("g", tooltip(f"Wave {wave}: {decimal(value)}") + dot, class_="dot"))
    told = ", ".join(f"wave {wave} {decimal(value)}" for wave, value in known)
    return picture(
        parts,
        key=key,
        title=title,
        description=told or "No value in any wave.",
        height=TOP + SERIES_HEIGHT + FOOT,
        class_="series",
    )


def _wave_axis(waves: Sequence[int]) -> Axis:
    return axis_around([float(wave) for wave in waves])


def _place(axis: Axis, value: float, height: float) -> float:
    return TOP + height * (1 - axis.share(value) / 100)


def _polyline(points: Sequence[tuple[int, float]], x_axis: Axis, y_axis: Axis) -> str:
    written = " ".join(
        f"{x_axis.share(wave):.2f},{100 - y_axis.share(value):.2f}" for wave, value in points
    )
    return element("polyline", points=written, vector_effect="non-scaling-stroke")


def _unbroken(
    waves: Sequence[int], values: Mapping[int, float | None]
) -> list[list[tuple[int, float]]]:
    runs: list[list[tuple[int, float]]] = [[]]
    for wave in waves:
        value = values[wave]
        if value is None:
            runs.append([])
        else:
            runs[-1].append((wave, value))
    return runs


def _frame(x_axis: Axis, y_axis: Axis, waves: Sequence[int], height: float) -> list[str]:
    parts = []
    for value in y_axis.ticks(6):
        y = _place(y_axis, value, height)
        parts.append(element("line", class_="tick", x1="0%", x2="100%", y1=y, y2=y))
        parts.append(text(tick_label(value), class_="value-label", x=-8, y=y + 4))
    for wave in whole_ticks(max(waves)) if waves else []:
        x = x_axis.percent(wave)
        parts.append(text(wave, class_="tick-label", x=x, y=TOP + height + 16))
    parts.append(text("Wave", class_="axis-name", x="50%", y=TOP + height + 32))
    return parts
