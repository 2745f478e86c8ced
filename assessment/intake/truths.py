"""The mock judge's truth: how good each text is, known by the text's hash alone."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from assessment.intake.errors import InputError, InputErrors, printable
from assessment.intake.folders import EssayFile
from assessment.intake.gradings import label_of, number_of, off_scale
from assessment.intake.tables import Row, read_rows


def read_truth(
    path: Path, files: Sequence[EssayFile], scale_labels: Sequence[str] | None = None
) -> dict[str, float]:
    """Quality by text hash (`EssayFile.sha256`), from a csv file with the columns file and grade.

    With `scale_labels` (low to high) quality is counted in grade steps: the position of the label
    on the scale, the lowest being 0. A number between two labels of a numeric scale lies between
    their positions; on a scale of other labels a number is a position itself. Without
    `scale_labels` every grade must be a number and is taken as it stands. Rows for files that are
    not in `files` are passed over, and so are further columns. Raises `InputErrors` with every
    file without a row, row given twice or grade that means no number.
    """
    by_name = {essay.name: essay for essay in files}
    rows: dict[str, Row] = {}
    truth: dict[str, float] = {}
    errors: list[InputError] = []
    for row in read_rows(path):
        if row.file not in by_name:
            continue
        shown = printable(row.file, longest=100)
        if row.file in rows:
            problem = f'grades "{shown}" again, after row {rows[row.file].number}'
            errors.append(InputError(row.where, problem, "Keep one row per file."))
            continue
        rows[row.file] = row
        quality = _quality(row.grade, scale_labels)
        sha256 = by_name[row.file].sha256
        if quality is None:
            errors.append(_no_quality(row, shown, scale_labels))
        elif truth.setdefault(sha256, quality) != quality:
            problem = f'grades "{shown}" otherwise than another file with the same text'
            errors.append(InputError(row.where, problem, "Give both the same grade."))
    errors += [
        InputError(str(path), f'has no row for "{name}"', "Add a row with its grade.")
        for name in by_name
        if name not in rows
    ]
    if errors:
        raise InputErrors(errors)
    return truth


def _quality(grade: str, labels: Sequence[str] | None) -> float | None:
    if labels is None:
        return number_of(grade)
    label = label_of(grade, labels)
    if label is not None:
        return float(labels.index(label))
    number = number_of(grade)
    steps = [step for step in map(number_of, labels) if step is not None]
    if number is None or len(steps) < len(labels):
        return number
    for position, (low, high) in enumerate(pairwise(steps)):
        if low < number < high:
            return position + (number - low) / (high - low)
    return None


def _no_quality(row: Row, shown: str, labels: Sequence[str] | None) -> InputError:
    if not row.grade:
        return InputError(row.where, f'has no grade for "{shown}"', "Fill in the column grade.")
    if labels is None:
        problem = f'gives "{shown}" a grade that is not a number'
        return InputError(row.where, problem, "Write a number, or name the scale of the grades.")
    problem = f'gives "{shown}" {off_scale(row.grade, labels)}'
    return InputError(row.where, problem, "Correct the grade, or choose the scale it belongs to.")
