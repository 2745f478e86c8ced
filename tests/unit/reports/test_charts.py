"""The pictures show what the data say, at the place where it belongs."""

import re

import pytest

from assessment.reports.charts.axes import Axis, axis_around, whole_ticks
from assessment.reports.charts.balances import balance_chart
from assessment.reports.charts.labels import clip, short_names
from assessment.reports.charts.rankings import GradeBoundary, RankedEssay, ranking_charts
from assessment.reports.charts.waves import ScoreLine, figure_chart, score_lines_chart
from tests.unit.reports.pages import Page


def essay(label: str, score: float, *, se: float | None = 0.3, anchor: bool = False) -> RankedEssay:
    return RankedEssay(label, score, se, anchor, "A")


def percents(svg: str, pattern: str) -> list[float]:
    return [float(found) for found in re.findall(pattern, svg)]


def test_better_essays_stand_higher_and_further_right() -> None:
    (svg,) = ranking_charts([essay("low", -1), essay("high", 1), essay("middle", 0)], [])
    assert svg.index(">high") < svg.index(">middle") < svg.index(">low")
    places = percents(svg, r'class="mark" cx="([\d.]+)%"')
    assert places == sorted(places, reverse=True)


def test_the_bar_reaches_1_96_standard_errors_to_both_sides() -> None:
    (svg,) = ranking_charts([essay("one", 0, se=0.5), essay("two", 2, se=0.5)], [])
    low, high = re.findall(r'class="range" x1="([\d.]+)%" x2="([\d.]+)%"', svg)[1]
    one, two = reversed(percents(svg, r'class="mark" cx="([\d.]+)%"'))
    assert float(high) - float(low) == pytest.approx(2 * 1.96 * 0.5 * (two - one) / 2, abs=0.05)


def test_anchors_look_different_from_students() -> None:
    (svg,) = ranking_charts([essay("pupil", 0), essay("known", 1, anchor=True)], [])
    assert svg.count("<circle") == 1
    assert svg.count("<path") == 1
    assert "known (anchor): score +1.00" in svg
    assert "known grade A" in svg


def test_grades_stand_between_their_boundaries() -> None:
    boundaries = [GradeBoundary("C", "B", -1.0), GradeBoundary("B", "A", 1.0)]
    (svg,) = ranking_charts([essay("one", -2), essay("two", 2)], boundaries)
    lines = percents(svg, r'class="boundary" x1="([\d.]+)%"')
    labels = dict(re.findall(r'class="band-label" x="([\d.]+)%"[^>]*>(\w)<', svg))
    places = {grade: float(x) for x, grade in labels.items()}
    assert places["C"] < lines[0] < places["B"] < lines[1] < places["A"]


def test_grade_labels_never_stand_on_each_other() -> None:
    boundaries = [
        GradeBoundary(f"{i}.5", f"{i + 1}.5", logit) for i, logit in enumerate((0, 0.01, 0.02))
    ]
    (svg,) = ranking_charts([essay("one", -3), essay("two", 3)], boundaries)
    places = re.findall(r'class="band-label" x="([\d.]+)%" y="([\d.]+)"', svg)
    close = [y for x, y in places if 40 < float(x) < 60]
    assert len(close) == len(set(close)) == 2


def test_a_large_ranking_is_cut_into_pictures_that_fit_a_page_on_one_axis() -> None:
    pictures = ranking_charts([essay(f"e{i:03}", i / 50) for i in range(200)], [])
    assert [picture.count("<circle") for picture in pictures] == [40] * 5
    ticks = {tuple(re.findall(r'class="tick" x1="([\d.]+)%"', picture)) for picture in pictures}
    assert len(ticks) == 1
    assert len({Page(picture).all("svg")[0]["aria-labelledby"] for picture in pictures}) == 5


@pytest.mark.parametrize("essays", [[], [essay("only", 0.0, se=None)]])
def test_it_draws_rankings_of_hardly_anything(essays: list[RankedEssay]) -> None:
    assert len(ranking_charts(essays, [])) == len(essays)


def test_each_essay_has_a_line_over_the_waves() -> None:
    lines = [
        ScoreLine("b", True, {1: 1.0, 2: 2.0}),
        ScoreLine("a", False, {1: 0.0, 2: -2.0}),
        ScoreLine("absent", False, {}),
    ]
    svg = score_lines_chart(lines, [1, 2])
    points = re.findall(r'points="([^"]*)"', svg)
    assert len(points) == 3
    assert svg.index("a: −2.00") < svg.index("b: +2.00"), "anchors are drawn on top"
    (_, falling), (_, rising) = (
        [p.split(",") for p in line.split()] for line in (points[0], points[2])
    )
    assert float(falling[1]) > float(rising[1]), "a higher score is drawn higher"


def test_a_wave_without_a_figure_leaves_a_gap() -> None:
    svg = figure_chart({1: 0.5, 2: 0.4, 3: None, 4: 0.2, 5: 0.1}, key="k", title="t")
    assert svg.count("<circle") == 4
    assert svg.count("<polyline") == 2


def test_a_threshold_is_drawn_at_its_height() -> None:
    svg = figure_chart({1: 0.4, 2: 0.2}, key="k", title="t", threshold=0.2)
    height = re.search(r'class="threshold"[^>]* y1="([\d.]+)"', svg)
    dots = re.findall(r'<circle cx="[^"]*" cy="([\d.]+)"', svg)
    assert height is not None
    assert height.group(1) == dots[1]


def test_no_figure_at_all_still_makes_a_picture() -> None:
    assert "No value in any wave." in figure_chart({1: None, 2: None}, key="k", title="t")


def test_the_balance_counts_essays_by_difference() -> None:
    svg = balance_chart([0, 0, 1, -1], [0, 40])
    words = Page(svg).words
    assert "2 students: difference 0" in words
    assert "1 anchor: difference ≥+12" in words
    assert "1 student: difference −1" in words


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 1.0], [-1e-12, 0.0], [-3.0, 5.0]])
def test_an_axis_holds_every_value(values: list[float]) -> None:
    axis = axis_around(values)
    assert all(0 <= axis.share(value) <= 100 for value in values)
    assert 2 <= len(axis.ticks()) <= 9


def test_ticks_are_round() -> None:
    assert Axis(-2.3, 4.1).ticks(7) == [-2, -1, 0, 1, 2, 3, 4]


@pytest.mark.parametrize("last", [1, 2, 9, 14, 50])
def test_wave_ticks_keep_both_ends(last: int) -> None:
    ticks = whole_ticks(last)
    assert ticks[0] == 1
    assert ticks[-1] == last
    assert ticks == sorted(set(ticks))
    assert len(ticks) <= 12


def test_short_names_stay_apart() -> None:
    assert short_names(["a.txt", "b.txt"]) == {"a.txt": "a", "b.txt": "b"}
    assert short_names(["a.txt", "a.md"]) == {"a.txt": "a.txt", "a.md": "a.md"}


def test_long_names_keep_their_end() -> None:
    assert clip("student_with_a_long_name_017", 13) == "stude…ame_017"
    assert clip("short", 13) == "short"
