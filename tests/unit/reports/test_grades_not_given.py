"""What grades cannot say is told with the true reason, and an unknown chance is never 0."""

import csv
import io
from typing import Any

import pytest

from assessment.reports.csv_exports import results_csv
from assessment.reports.grades import no_grades_words, unheld_words
from assessment.reports.rendering import render_report
from assessment.reports.schema import validate_run
from tests.unit.reports.documents import run_document
from tests.unit.reports.pages import Page

NOT_CONNECTED = "no two anchors of different grades are connected by comparisons"


def ungraded(reason: str | None, students: int = 0, anchors: int = 4) -> dict[str, Any]:
    """A scored run in which the first `students` students have no grade (0: none of them has)."""
    document = run_document(students=5, anchors=anchors)
    document["measurement"]["no_grades_reason"] = reason
    found = [row for row in document["results"] if row["role"] == "student"]
    for row in found[: students or None]:
        row.update(grade=None, grade_probabilities=None, grade_confidence=None, beyond=None)
    return document


def unheld(document: dict[str, Any], *labels: str) -> dict[str, Any]:
    """The run as if no anchor reached these grades."""
    for row in document["results"]:
        for label in labels:
            if row["grade_probabilities"]:
                row["grade_probabilities"][label] = None
    return document


@pytest.mark.parametrize(
    "reason", [NOT_CONNECTED, "the anchors' scores do not rise with their grades"]
)
def test_the_report_gives_the_reason_that_was_found(reason: str) -> None:
    document = ungraded(reason)
    validate_run(document)
    words = Page(render_report(document)).words
    assert f"No grades are given: {reason}." in words
    assert "two different" not in words


def test_without_anchors_it_says_that_there_are_none() -> None:
    document = run_document(students=6, anchors=0)
    assert no_grades_words(document).startswith("No grades are given: there are no anchors")
    assert no_grades_words(document) in Page(render_report(document)).words


def test_students_apart_from_the_anchors_are_counted() -> None:
    words = no_grades_words(ungraded("some were never compared with the anchors", students=1))
    assert words == "1 student has no grade: some were never compared with the anchors."


def test_a_graded_run_needs_no_reason() -> None:
    assert no_grades_words(run_document()) == ""


def test_a_grade_that_no_anchor_reaches_is_named_and_has_no_chance() -> None:
    document = run_document()
    labels = document["inputs"]["grade_scale"]
    unheld(document, labels[0], labels[-1])
    validate_run(document)
    words = Page(render_report(document)).words
    assert f"No anchor reaches {labels[0]}, {labels[-1]}, so no chances are given there" in words
    assert f"{labels[1]} means {labels[1]} or lower" in words
    assert f"{labels[-2]} means {labels[-2]} or higher" in words
    rows = list(csv.DictReader(io.StringIO(results_csv(document))))
    assert {row[f"p_{labels[0]}"] for row in rows} == {""}
    assert all(row[f"p_{labels[1]}"] for row in rows if row["grade"])


def test_a_scale_whose_ends_are_held_needs_no_words() -> None:
    labels = ["1", "2", "3"]
    assert unheld_words(labels, [{"1": 0.0, "2": 0.5, "3": 0.5}, None]) == ""
    assert unheld_words(labels, [None]) == ""
    assert unheld_words(labels, [{"1": 0.5, "2": 0.5, "3": None}]) == (
        "No anchor reaches 3, so no chances are given there: 2 means 2 or higher."
    )
