"""Rows of the csv files that people keep grades in, as a spreadsheet program writes them."""

import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assessment.intake.errors import InputError, InputErrors, Refused
from assessment.intake.plain_texts import decode
from assessment.intake.texts import DEFAULT_LIMITS

_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Row:
    """One row; `where` names the csv file and the row as a spreadsheet counts it."""

    where: str
    number: int
    file: str
    grade: str
    role: str


def read_rows(path: Path, max_bytes: int = DEFAULT_LIMITS.file_bytes) -> list[Row]:
    """The rows of a csv file with the columns file and grade, in order; blank rows are left out.

    A byte order mark, capitals and spaces in the heading, semicolons or tabs between columns and
    further columns do no harm; `role` is "" where there is no such column. Raises `InputErrors`
    for a file that cannot be read, a missing column and a row that names no file.
    """
    lines = list(_lines(path, _text(path, max_bytes)))
    heading = [cell.strip().casefold() for cell in lines[0][1]] if lines else []
    missing = [column for column in ("file", "grade") if column not in heading]
    if missing:
        raise InputErrors(
            InputError(
                str(path),
                f'has no column "{column}" in its first row',
                "Give the csv file a first row with the columns file and grade.",
            )
            for column in missing
        )
    rows = []
    errors = []
    for number, cells in lines[1:]:
        values = dict(zip(heading, (cell.strip() for cell in cells), strict=False))
        row = Row(
            where=f"{path}, row {number}",
            number=number,
            file=unicodedata.normalize("NFC", values.get("file", "")),
            grade=unicodedata.normalize("NFC", values.get("grade", "")),
            role=values.get("role", "").casefold(),
        )
        if row.file:
            rows.append(row)
        else:
            errors.append(InputError(row.where, "names no file", "Fill in the column file."))
    if errors:
        raise InputErrors(errors)
    return rows


def _text(path: Path, max_bytes: int) -> str:
    try:
        data = path.read_bytes() if path.stat().st_size <= max_bytes else None
    except (OSError, ValueError):
        problem = "cannot be opened"
        remedy = "Check that the file exists and that you may read it."
    else:
        if data is not None:
            return _decoded(path, data)
        problem = f"is larger than the {max_bytes:,} bytes allowed"
        remedy = "Give a csv file with one row per essay."
    raise InputErrors([InputError(str(path), problem, remedy)])


def _decoded(path: Path, data: bytes) -> str:
    try:
        text = decode(data)
    except Refused as refused:
        error = InputError(str(path), refused.problem, refused.remedy)
    else:
        return text.replace("\r\n", "\n").replace("\r", "\n")
    raise InputErrors([error])


def _lines(path: Path, text: str) -> Iterator[tuple[int, Sequence[str]]]:
    heading = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=heading.count)
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), start=1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error:
        raise InputErrors(
            [
                InputError(
                    str(path),
                    "is not a csv file",
                    "Save it from the spreadsheet program as csv, one row per essay.",
                )
            ]
        ) from None
