"""The tables open in a spreadsheet, which must not take any cell for a formula."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.reports.csv_exports import comparisons_csv, results_csv
from tests.unit.reports.documents import run_document


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_it_writes_one_line_per_comparison() -> None:
    document = run_document()
    rows = read(comparisons_csv(document))
    assert len(rows) == len(document["comparisons"])
    failed = [row for row in rows if row["error_type"]]
    assert failed
    assert {row["winner"] for row in failed} == {""}
    assert {row["winner"] for row in rows} == {"essay_a", "essay_b", ""}


def test_it_writes_one_line_per_essay_with_a_column_for_each_grade() -> None:
    document = run_document()
    rows = read(results_csv(document))
    assert [row["essay"] for row in rows] == [row["essay"] for row in document["results"]]
    for row, result in zip(rows, document["results"], strict=True):
        assert float(row["score"]) == result["score"]
        grades = document["inputs"]["grade_scale"]
        assert sum(float(row[f"p_{grade}"]) for grade in grades) == pytest.approx(1)


def test_it_writes_empty_cells_for_a_run_without_grades() -> None:
    """No projection is an empty cell, never a pretend grade (P-62)."""
    rows = read(results_csv(run_document(anchors=0)))
    assert {row["grade"] for row in rows} == {""}


def test_it_keeps_negative_scores_as_numbers() -> None:
    rows = read(results_csv(run_document()))
    assert min(float(row["score"]) for row in rows) < 0


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "\n="])
def test_it_disarms_cells_that_start_like_a_formula(start: str) -> None:
    document = run_document()
    document["comparisons"][0]["justification"] = f"{start}HYPERLINK(1)"
    cell = read(comparisons_csv(document))[0]["justification"]
    assert cell == f"'{start}HYPERLINK(1)"


def test_it_disarms_what_a_semicolon_would_part_from_its_cell() -> None:
    """As in Swedish, where a comma stands in numbers and a spreadsheet parts columns otherwise."""
    document = run_document()
    document["comparisons"][0]["justification"] = 'Good; =HYPERLINK("x");\n-2+3; but 1-2=-1'
    row = comparisons_csv(document).split("\r\n")[1]
    assert [part for part in row.split(";") if part.lstrip().startswith(("=", "-"))] == []
    cell = read(comparisons_csv(document))[0]["justification"]
    assert cell == "Good; '=HYPERLINK(\"x\");\n'-2+3; but 1-2=-1"


def test_it_disarms_file_names_and_grades_too() -> None:
    document = run_document()
    document["inputs"]["grade_scale"] = ["-1"]
    document["results"][0].update(essay="=cmd.txt", grade="-1")
    row = read(results_csv(document))[0]
    assert (row["essay"], row["grade"]) == ("'=cmd.txt", "'-1")


@given(words=st.text())
def test_it_never_writes_a_formula_nor_loses_words(words: str) -> None:
    document = run_document(students=2, anchors=0, waves=1)
    document["comparisons"][0]["justification"] = words
    cell = read(comparisons_csv(document))[0]["justification"]
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert not re.search(r"\S[^=+@-]*[;\t\r\n]\s*[=+@-]", cell)
    assert cell.replace("'", "") == words.replace("\0", "").replace("'", "")


def test_it_survives_names_that_are_not_utf_8() -> None:
    document = run_document()
    document["results"][0]["essay"] = "a\udcff.txt"
    assert "a?.txt" in results_csv(document)
