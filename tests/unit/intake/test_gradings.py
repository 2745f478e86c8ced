"""Grades of anchors: from file names or a csv file, and never off the scale."""

from pathlib import Path

import pytest

from assessment.intake import InputErrors, grades_for

from .files import essay

LEGACY = ["F+", "E-", "E+", "D-", "D+", "C-", "C+", "B", "A"]
HALVES = ["1", "1.5", "2", "2.5", "3"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "grades.csv"


def write(table: Path, *rows: str, encoding: str = "utf-8") -> Path:
    table.write_text("\n".join(rows), encoding=encoding)
    return table


@pytest.mark.parametrize(
    ("name", "labels", "grade"),
    [
        ("anchor_003_2.5.txt", HALVES, "2.5"),
        ("anchor_003_2.docx", HALVES, "2"),
        ("anchor_07_C+.docx", LEGACY, "C+"),
        ("anchor_07_2,50.txt", HALVES, "2.5"),
        ("_A.txt", LEGACY, "A"),
    ],
)
def test_it_reads_the_grade_after_the_last_underscore(
    name: str, labels: list[str], grade: str
) -> None:
    assert grades_for([essay(name)], labels) == {name: grade}


def test_it_names_every_file_without_a_grade_of_the_scale() -> None:
    files = [essay("anna.txt"), essay("anchor_1_A.txt"), essay("anchor_2_C.txt")]
    with pytest.raises(InputErrors) as caught:
        grades_for(files, LEGACY)
    remedy = 'End its name in the grade, as in "anna_A.txt", or give a csv file of grades.'
    assert str(caught.value).splitlines() == [
        f"anchors/anna.txt: has no grade in its name. {remedy}",
        'anchors/anchor_2_C.txt: has the grade "C", which is not on the scale '
        f"(F+, E-, E+, D-, D+, C-, C+, B, A). {remedy}",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(
    "rows",
    [
        ("file,grade", "åsa.txt,B", "bo.txt,F+"),
        ("file,role,grade", "bo.txt,anchor,F+", "åsa.txt,anchor,B", "eva.txt,student,A"),
        ("Grade ;Seen by; FILE", "F+;Kim;bo.txt", "", ' B ;"Lee; Kim";åsa.txt'),
        ("file\tgrade\t", "bo.txt\tF+\t", "åsa.txt\tB"),
    ],
    ids=["plain", "with roles", "semicolons", "tabs"],
)
def test_it_reads_the_csv_of_any_spreadsheet_program(
    table: Path, rows: tuple[str, ...], encoding: str
) -> None:
    write(table, *rows, encoding=encoding)
    grades = grades_for([essay("åsa.txt"), essay("bo.txt")], LEGACY, table)
    assert list(grades.items()) == [("åsa.txt", "B"), ("bo.txt", "F+")]


def test_it_prefers_the_csv_to_the_file_names(table: Path) -> None:
    write(table, "file,grade", "anchor_1_A.txt,B")
    assert grades_for([essay("anchor_1_A.txt")], LEGACY, table) == {"anchor_1_A.txt": "B"}


def test_it_names_every_bad_row_with_its_remedy(table: Path) -> None:
    write(table, "file,grade", "a.txt,A", "b.txt,G", "nobody.txt,A", "a.txt,B", "c.txt,")
    with pytest.raises(InputErrors) as caught:
        grades_for([essay(f"{letter}.txt") for letter in "abcd"], LEGACY, table)
    assert str(caught.value).splitlines() == [
        f'{table}, row 3: gives "b.txt" the grade "G", which is not on the scale '
        "(F+, E-, E+, D-, D+, C-, C+, B, A). Correct the grade, or choose the scale it belongs to.",
        f'{table}, row 4: names "nobody.txt", which is not among the anchors. '
        "Correct the file name, with its extension, or remove the row.",
        f'{table}, row 5: grades "a.txt" again, after row 2. Keep one row per file.',
        f'{table}, row 6: has no grade for "c.txt". Fill in the column grade.',
        f'{table}: has no row for "d.txt". Add a row with its grade.',
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"file,mark\na.txt,A\n", 'has no column "grade" in its first row'),
        (b"name,grade\na.txt,A\n", 'has no column "file" in its first row'),
        (b"", 'has no column "file" in its first row'),
        (b"file,grade\n,A\n", "row 2: names no file"),
        (b"PK\x03\x04 an .xlsx", "is not plain text but"),
        (b"file,grade\n" + b"x" * 200_000, "is not a csv file"),
        (None, "cannot be opened"),
    ],
)
def test_it_refuses_a_table_that_cannot_be_read(
    table: Path, content: bytes | None, problem: str
) -> None:
    if content is not None:
        table.write_bytes(content)
    with pytest.raises(InputErrors) as caught:
        grades_for([essay("a.txt")], LEGACY, table)
    assert str(caught.value).startswith(str(table))
    assert problem in str(caught.value)
    assert caught.value.remedy.endswith(".")
