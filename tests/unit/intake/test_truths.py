"""The mock judge's truth: known by text, counted in grade steps."""

from pathlib import Path

import pytest

from assessment.intake import InputErrors, read_truth, sha256_of

from .files import essay

FILES = [essay("a.txt"), essay("b.txt", role="student")]
LEGACY = ["F+", "E-", "E+", "D-", "D+", "C-", "C+", "B", "A"]
HALVES = ["1", "1.5", "2", "2.5", "3", "3.5", "4", "4.5", "5"]


def truth(table: Path, a: str, b: str, labels: list[str] | None) -> list[float]:
    table.write_text(f"file,role,grade\na.txt,anchor,{a}\nb.txt,student,{b}\nc.txt,student,odd\n")
    found = read_truth(table, FILES, labels)
    return [found[essay.sha256] for essay in FILES]


@pytest.mark.parametrize(
    ("a", "b", "labels", "expected"),
    [
        ("3.5", "-1", None, [3.5, -1.0]),
        ("F+", "A", LEGACY, [0.0, 8.0]),
        ("1", "3.5", HALVES, [0.0, 5.0]),
        ("1.0", '"1,75"', HALVES, [0.0, 1.5]),  # rewritten by a spreadsheet; between two labels
        ("2.5", "A", LEGACY, [2.5, 8.0]),  # a position among labels that are not numbers
    ],
)
def test_it_counts_quality_in_steps_of_the_scale(
    tmp_path: Path, a: str, b: str, labels: list[str] | None, expected: list[float]
) -> None:
    assert truth(tmp_path / "truth.csv", a, b, labels) == expected


def test_it_finds_a_text_however_it_was_saved(tmp_path: Path) -> None:
    table = tmp_path / "truth.csv"
    table.write_text("file,grade\na.txt,2\n")
    assert read_truth(table, FILES[:1]) == {sha256_of(FILES[0].text + "\r\n"): 2.0}


@pytest.mark.parametrize(
    ("a", "b", "labels", "problem"),
    [
        ("good", "1", None, 'row 2: gives "a.txt" a grade that is not a number'),
        ("nan", "1", None, 'row 2: gives "a.txt" a grade that is not a number'),
        ("1e400", "1", None, 'row 2: gives "a.txt" a grade that is not a number'),
        ("A", "G", LEGACY, 'row 3: gives "b.txt" the grade "G", which is not on the scale'),
        ("1", "5.5", HALVES, 'row 3: gives "b.txt" the grade "5.5", which is not on the scale'),
        ("", "1", None, 'row 2: has no grade for "a.txt"'),
    ],
)
def test_it_refuses_a_grade_that_means_no_number(
    tmp_path: Path, a: str, b: str, labels: list[str] | None, problem: str
) -> None:
    with pytest.raises(InputErrors) as caught:
        truth(tmp_path / "truth.csv", a, b, labels)
    assert str(caught.value).startswith(f"{tmp_path}/truth.csv, {problem}")
    assert caught.value.remedy.endswith(".")


def test_it_refuses_a_missing_and_a_second_row(tmp_path: Path) -> None:
    table = tmp_path / "truth.csv"
    table.write_text("file,grade\na.txt,1\na.txt,1\n")
    with pytest.raises(InputErrors) as caught:
        read_truth(table, FILES)
    assert str(caught.value).splitlines() == [
        f'{table}, row 3: grades "a.txt" again, after row 2. Keep one row per file.',
        f'{table}: has no row for "b.txt". Add a row with its grade.',
    ]


def test_it_refuses_two_grades_for_one_text(tmp_path: Path) -> None:
    table = tmp_path / "truth.csv"
    table.write_text("file,grade\na.txt,1\nb.txt,2\n")
    with pytest.raises(InputErrors, match="row 3: grades .b.txt. otherwise than another file"):
        read_truth(table, [essay("a.txt", "Same."), essay("b.txt", "Same.")])
