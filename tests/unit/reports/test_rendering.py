"""The report tells a teacher what happened, whatever happened."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assessment.reports.rendering import render_report
from assessment.reports.schema import validate_run
from tests.unit.reports.documents import run_document
from tests.unit.reports.pages import Page

ROOT = Path(__file__).resolve().parents[3]


def failed_document() -> dict[str, Any]:
    """A run in which the judge could not be reached: no answer, no score."""
    document = run_document(students=4, anchors=2, waves=1, mock=False)
    document["comparisons"] = []
    document["batch"].update(status="FAILED", stop_reason="provider_outage", completed=0, failed=6)
    document["waves"][0].update(successes=0, reliability=None, scores={})
    document["measurement"].update(
        reliability=None, position_effect=None, boundaries=[], agreement=None, components=0
    )
    document["results"] = []
    return document


SHAPES = {
    "33 essays": lambda: run_document(),
    "200 essays": lambda: run_document(students=180, anchors=20, waves=3),
    "two essays": lambda: run_document(students=2, anchors=0, waves=1),
    "one student with anchors": lambda: run_document(students=1, anchors=3, waves=2),
    "no anchors": lambda: run_document(students=6, anchors=0),
    "anchors only": lambda: run_document(students=0, anchors=6),
    "failed": failed_document,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_sound_html_for_runs_of_every_shape(shape: str) -> None:
    document = SHAPES[shape]()
    validate_run(document)
    page = Page(render_report(document))
    assert page.unbalanced == []
    assert [key for key, times in page.ids().items() if times > 1] == []
    assert "None" not in page.words
    assert "nan" not in page.words.lower().split()


@pytest.mark.parametrize("shape", SHAPES)
def test_it_can_be_read_without_seeing_it(shape: str) -> None:
    """Pictures have a name and a description, tables say what their heads are for."""
    page = Page(render_report(SHAPES[shape]()))
    ids = page.ids()
    for picture in page.all("svg"):
        if picture.get("role") == "img":
            assert ids[picture["aria-labelledby"]] == ids[picture["aria-describedby"]] == 1
    for head in page.all("th"):
        assert head["scope"] in ("col", "row")
    for attributes in page.all("section") + page.all("div"):
        if "aria-labelledby" in attributes:
            assert ids[attributes["aria-labelledby"]] == 1
    assert page.all("html")[0]["lang"] == "en"


def test_it_says_what_the_run_was_and_why_it_stopped() -> None:
    words = Page(render_report(run_document())).words
    assert "Spring trial, class 9B" in words
    assert "Completed" in words
    assert "The scores had settled" in words


def test_it_marks_a_mock_run_and_only_that() -> None:
    assert "Mock run." in Page(render_report(run_document(mock=True))).words
    assert "Mock run." not in Page(render_report(run_document(mock=False))).words


@pytest.mark.parametrize("reason", [None, "not shown to differ from chance"])
def test_it_gives_no_reliability_while_the_data_do_not_differ_from_chance(
    reason: str | None,
) -> None:
    document = run_document()
    document["measurement"].update(
        reliability=None, reliability_low=None, reliability_high=None, reliability_reason=reason
    )
    words = Page(render_report(document)).words
    assert "not shown to differ from chance" in words
    assert "coin tosses" in words
    assert "0.86" not in words


def test_it_says_why_there_is_no_reliability_when_chance_is_not_the_reason() -> None:
    document = run_document()
    document["measurement"].update(reliability=None, reliability_reason="needs two essays")
    words = Page(render_report(document)).words
    assert "needs two essays." in words
    assert "differ from chance" not in words.partition("From wave to wave")[0]


def test_it_says_what_the_reliability_stands_for() -> None:
    document = run_document()
    document["measurement"]["reliability_reason"] = "expected squared correlation"
    assert "Exactly: expected squared correlation." in Page(render_report(document)).words


def test_it_names_the_kind_of_interval_around_the_reliability() -> None:
    document = run_document()
    document["measurement"]["reliability_interval_kind"] = "95 % likelihood interval of sigma"
    assert "0.78 to 0.91 (95 % likelihood interval of sigma)" in Page(render_report(document)).words


def test_it_lists_every_essay_of_a_large_run() -> None:
    document = run_document(students=180, anchors=20, waves=3)
    words = Page(render_report(document)).words
    for file in document["inputs"]["files"]:
        assert file["name"] in words


def test_it_lists_students_by_rank() -> None:
    document = run_document()
    words = Page(render_report(document)).words
    table = words[words.index("Results of the students") :]
    ranked = [row for row in document["results"] if row["rank"]]
    ranked.sort(key=lambda row: row["rank"])
    places = [table.index(row["essay"]) for row in ranked]
    assert places == sorted(places)


def test_it_marks_anchors_that_are_out_of_order() -> None:
    """Anchor order inversions are reported, not smoothed away (P-56)."""
    document = run_document()
    document["measurement"]["anchor_inversions"] = [
        {"higher_grade_essay": "anchor_003_E.txt", "lower_grade_essay": "anchor_001_F.txt"}
    ]
    words = Page(render_report(document)).words
    assert "above anchor_003_E.txt, which has a higher grade" in words
    assert "below anchor_001_F.txt, which has a lower grade" in words
    assert "Anchors out of order" in words


def test_it_pretends_no_grade_without_anchors() -> None:
    """No projection is said so, with no grade columns at all (P-62)."""
    page = Page(render_report(run_document(anchors=0)))
    assert "No grades are given" in page.words
    assert "Confidence is high" not in page.words


def test_it_needs_no_django_settings() -> None:
    """A report can be made again from `run.json` alone, away from any installation."""
    code = (
        "from assessment.reports.rendering import render_report;"
        "from tests.unit.reports.documents import run_document;"
        "import sys; sys.stdout.write(str(len(render_report(run_document()))))"
    )
    env = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == len(render_report(run_document()))


def test_it_makes_the_same_report_from_the_same_document() -> None:
    assert render_report(run_document(seed=5)) == render_report(run_document(seed=5))
