"""What is known about some items beforehand: grades of anchors, and fixed scores."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from assessment.fitting.csv_files import CsvFile, open_csv, require
from assessment.intake.errors import InputError, InputErrors, printable
from assessment.intake.gradings import label_of, number_of
from assessment.measurement.scales import Scale

Known = TypeVar("Known", str, float)


def read_anchors(path: Path, items: Sequence[str], scale: Scale) -> dict[int, str]:
    """Grades of anchors, place among `items` -> label, from a csv file with item and grade.

    Raises `InputErrors` for items that no decision names, named twice, or grades off the scale.
    """
    grades: dict[int, str] = {}
    errors = []
    for file, row, item, cell in _rows(path, "grade", items):
        label = label_of(cell, scale.labels)
        if isinstance(item, InputError):
            errors.append(item)
        elif label is None:
            errors.append(
                InputError(
                    file.where(row, "grade"),
                    f'"{printable(cell, longest=20)}" is not a grade of the scale '
                    f"({', '.join(scale.labels)})",
                    "Correct it, or name the right scale with --grade-scale.",
                )
            )
        elif item in grades:
            errors.append(_twice(file, row))
        else:
            grades[item] = label
    return _all_or_errors(path, grades, errors)


def read_fixed(path: Path, items: Sequence[str]) -> dict[int, float]:
    """Known scores in logits, place among `items` -> score, from a csv file with item and score.

    Raises `InputErrors` for items that no decision names, named twice, or scores not numbers.
    """
    scores: dict[int, float] = {}
    errors = []
    for file, row, item, cell in _rows(path, "score", items):
        score = number_of(cell)
        if isinstance(item, InputError):
            errors.append(item)
        elif score is None or abs(score) > 100:
            errors.append(
                InputError(
                    file.where(row, "score"),
                    f'"{printable(cell, longest=20)}" is not a score in logits',
                    "Write a number between -100 and 100, like -1.25.",
                )
            )
        elif item in scores:
            errors.append(_twice(file, row))
        else:
            scores[item] = score
    return _all_or_errors(path, scores, errors)


def _rows(
    path: Path, column: str, items: Sequence[str]
) -> Iterator[tuple[CsvFile, int, int | InputError, str]]:
    places = {name: place for place, name in enumerate(items)}
    file = open_csv(path)
    require(file, ("item", column), f"Give the columns item and {column}.")
    for chunk in file.chunks(("item", column)):
        cells = zip(chunk.numbers, chunk.columns["item"], chunk.columns[column], strict=True)
        for row, name, cell in cells:
            yield file, row, _place(file, row, name, places), cell


def _place(file: CsvFile, row: int, name: str, places: Mapping[str, int]) -> int | InputError:
    if name in places:
        return places[name]
    return InputError(
        file.where(row, "item"),
        f'"{printable(name, longest=60)}" is in none of the decisions' if name else "is empty",
        "Write the item's name as the decisions have it, or take the row out.",
    )


def _twice(file: CsvFile, row: int) -> InputError:
    return InputError(
        file.where(row, "item"), "has been named in an earlier row", "Keep one row for each item."
    )


def _all_or_errors(
    path: Path, found: dict[int, Known], errors: list[InputError]
) -> dict[int, Known]:
    if errors:
        raise InputErrors(errors[:10])
    if not found:
        raise InputError(str(path), "has no row below its first", "Give one row for each item.")
    return found
