"""Tables and pictures of many simulated batches."""

import pytest
from defusedxml import ElementTree

from assessment.simulation.pictures import accuracy_picture
from assessment.simulation.runs import WaveRow, run
from assessment.simulation.scenarios import Scenario
from assessment.simulation.tables import comparisons_needed, ending, endings, mean_rows


def row(wave: int, **changes) -> WaveRow:
    values = {
        "seed": 0,
        "wave": wave,
        "comparisons": 10 * wave,
        "per_essay": 2.0 * wave,
        "true_r2": 0.1 * wave,
        "tau": 0.05 * wave,
        "printed": None if wave == 1 else 0.2 * wave,
        "change": None,
        "new": 10,
        "submitted": 10 * wave,
        "failed": 0,
        "texts": 20 * wave,
        "calls": 10 * wave,
        "stop_reason": None,
    }
    return WaveRow(**(values | changes))


RUNS = [
    [row(1), row(2), row(3, stop_reason="stable")],
    [row(1, true_r2=0.3), row(2, stop_reason="budget_exhausted", new=5)],
]


def test_it_averages_over_the_runs_that_got_so_far():
    table = mean_rows(RUNS)
    assert [line.runs for line in table] == [2, 2, 1]
    assert table[0].true_r2 == pytest.approx(0.2)
    assert [line.stopped for line in table] == [0.0, 0.5, 1.0]
    assert table[1].texts_per_comparison == pytest.approx(2.0)


def test_it_counts_silence_as_nothing_printed():
    first = mean_rows(RUNS)[0]
    assert (first.printed, first.shown) == (0.0, 0.0)
    assert first.bias == pytest.approx(-first.true_r2)


def test_it_says_how_the_runs_ended():
    ends = endings(RUNS)
    assert ends.reasons == {"stable": 1, "budget_exhausted": 1}
    assert (ends.fewest_per_essay, ends.fewest_new) == (4.0, 5)
    with pytest.raises(ValueError, match="no run"):
        endings([])


def test_it_finds_the_first_end_of_a_run_that_went_on():
    assert ending([row(1), row(2, stop_reason="stable"), row(3)]).wave == 2
    assert ending([row(1), row(2)]).wave == 2


def test_it_finds_where_an_accuracy_is_reached():
    table = mean_rows([[row(1), row(2), row(3)]])
    assert comparisons_needed(table, 0.25) == pytest.approx(5.0)
    assert comparisons_needed(table, 0.05) == 2.0
    assert comparisons_needed(table, 0.9) is None


def test_it_draws_a_picture_that_opens_by_itself():
    table = mean_rows([run(Scenario(n=10, budget=30), seed) for seed in range(2)])
    svg = accuracy_picture({"balanced": table, "<adaptive>": table})
    root = ElementTree.fromstring(svg)
    lines = root.findall(".//{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 8
    assert "&lt;adaptive&gt;" in svg
    with pytest.raises(ValueError, match="nothing"):
        accuracy_picture({"empty": []})
