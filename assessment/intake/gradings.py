"""The known grades of the anchors, from a csv file or from the file names."""

import re
from collections.abc import Sequence
from pathlib import Path, PurePath

from assessment.intake.errors import InputError, InputErrors, printable
from assessment.intake.folders import EssayFile
from assessment.intake.tables import Row, read_rows

_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(?:[.,][0-9]{1,12})?")


def grades_for(
    anchor_files: Sequence[EssayFile],
    scale_labels: Sequence[str],
    grades_csv: Path | None = None,
) -> dict[str, str]:
    """The grade of each anchor, by file name, in the order of `anchor_files`.

    With `grades_csv` (columns file and grade; a column role, where present, lets rows of students
    be passed over) the grades are its; without, a grade is what follows the last underscore of
    the file name: `anchor_003_2.5.txt` has 2.5. Raises `InputErrors` with every grade that is
    missing, given twice, off the scale or for a file that is not an anchor.
    """
    if grades_csv is None:
        return _from_names(anchor_files, scale_labels)
    return _from_csv(anchor_files, scale_labels, grades_csv)


def student_grades(
    files: Sequence[EssayFile], scale_labels: Sequence[str], grades_csv: Path
) -> dict[str, str]:
    """Grades that the csv file happens to give students, by file name, to check results against.

    Students without a row or without a grade in it have none. Raises `InputErrors` with every
    such grade that is off the scale or given twice.
    """
    names = {essay.name for essay in files}
    grades: dict[str, str] = {}
    errors: list[InputError] = []
    for row in read_rows(grades_csv):
        if row.file not in names or not row.grade:
            continue
        shown = printable(row.file, longest=100)
        label = label_of(row.grade, scale_labels)
        if label is None:
            errors.extend(_grade_errors(row, scale_labels))
        elif row.file in grades:
            problem = f'gives "{shown}" a second grade'
            errors.append(InputError(row.where, problem, "Keep one row for each file."))
        else:
            grades[row.file] = label
    if errors:
        raise InputErrors(errors)
    return grades


def label_of(grade: str, scale_labels: Sequence[str]) -> str | None:
    """The label of the scale that `grade` means, or None.

    A number written otherwise is the same grade (2,5 or 2.50 for 2.5): spreadsheet programs
    rewrite numbers to the habits of the country.
    """
    if grade in scale_labels:
        return grade
    number = number_of(grade)
    if number is None:
        return None
    return next((label for label in scale_labels if number_of(label) == number), None)


def number_of(grade: str) -> float | None:
    """The plain decimal number that `grade` is, with point or comma, or None."""
    return float(grade.replace(",", ".")) if _NUMBER.fullmatch(grade) else None


def off_scale(grade: str, scale_labels: Sequence[str]) -> str:
    """How messages say that a grade is not one of the scale's."""
    shown = printable(grade, longest=20)
    return f'the grade "{shown}", which is not on the scale ({", ".join(scale_labels)})'


def _from_names(files: Sequence[EssayFile], labels: Sequence[str]) -> dict[str, str]:
    grades: dict[str, str] = {}
    errors: list[InputError] = []
    for essay in files:
        _, underscore, grade = PurePath(essay.name).stem.rpartition("_")
        label = label_of(grade, labels) if underscore else None
        if label is not None:
            grades[essay.name] = label
            continue
        problem = f"has {off_scale(grade, labels)}" if underscore else "has no grade in its name"
        example = f"anna_{labels[-1]}{PurePath(essay.name).suffix}"
        remedy = f'End its name in the grade, as in "{example}", or give a csv file of grades.'
        errors.append(InputError(str(essay.path), problem, remedy))
    if errors:
        raise InputErrors(errors)
    return grades


def _from_csv(files: Sequence[EssayFile], labels: Sequence[str], path: Path) -> dict[str, str]:
    names = {essay.name for essay in files}
    rows: dict[str, Row] = {}
    errors: list[InputError] = []
    for row in read_rows(path):
        shown = printable(row.file, longest=100)
        if row.file not in names:
            if row.role != "student":
                problem = f'names "{shown}", which is not among the anchors'
                remedy = "Correct the file name, with its extension, or remove the row."
                errors.append(InputError(row.where, problem, remedy))
        elif row.file in rows:
            problem = f'grades "{shown}" again, after row {rows[row.file].number}'
            errors.append(InputError(row.where, problem, "Keep one row per file."))
        else:
            rows[row.file] = row
            errors += _grade_errors(row, labels)
    errors += [
        InputError(str(path), f'has no row for "{essay.name}"', "Add a row with its grade.")
        for essay in files
        if essay.name not in rows
    ]
    if errors:
        raise InputErrors(errors)
    grades = {
        name: label
        for name, row in rows.items()
        if (label := label_of(row.grade, labels)) is not None
    }
    return {essay.name: grades[essay.name] for essay in files}


def _grade_errors(row: Row, labels: Sequence[str]) -> list[InputError]:
    shown = printable(row.file, longest=100)
    if not row.grade:
        return [InputError(row.where, f'has no grade for "{shown}"', "Fill in the column grade.")]
    if label_of(row.grade, labels) is None:
        problem = f'gives "{shown}" {off_scale(row.grade, labels)}'
        remedy = "Correct the grade, or choose the scale it belongs to."
        return [InputError(row.where, problem, remedy)]
    return []
