"""Decisions from csv files, as arrays.

Two forms, told apart by their columns: `judge, candidate_chosen, candidate_not_chosen`, the export
of human comparative judgement tools, and `essay_a, essay_b, winner`, which says what was shown
first and is also the form of this project's own comparisons.csv.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress, count, repeat
from pathlib import Path

import numpy as np

from assessment.fitting.csv_files import Chunk, CsvFile, open_csv, require
from assessment.fitting.repetitions import (
    CORRELATION_ID,
    MOST_ERRORS,
    ReadFile,
    Repetitions,
    contained_files,
)
from assessment.intake.errors import InputError, InputErrors, printable
from assessment.measurement.arrays import BoolArray, FloatArray, IntArray

CHOSEN, NOT_CHOSEN = "candidate_chosen", "candidate_not_chosen"
FIRST, SECOND, WINNER = "essay_a", "essay_b", "winner"
TIE = "tie"

_FORMS = (
    "Give the columns judge, candidate_chosen and candidate_not_chosen, "
    "or essay_a, essay_b and winner (and judge, if there are several)."
)


@dataclass(frozen=True, eq=False, repr=False)
class DecisionList:
    """m decisions between `items` by `judges`; arrays (m,) hold places in these two.

    `first_won` is 1, 0, or 0.5 for a tie. Where not `order_known`, `first` is the chosen one and
    says nothing about what was shown first. `left_out` counts failed comparisons, which have no
    verdict, and `repeated` rows whose correlation id another row has; `contained` names files whose
    every decision is in a second file too, with that file.
    """

    items: tuple[str, ...]
    judges: tuple[str, ...]
    first: IntArray
    second: IntArray
    first_won: FloatArray
    judge: IntArray
    order_known: bool
    left_out: int
    repeated: int = 0
    contained: tuple[tuple[str, str], ...] = ()

    @property
    def n(self) -> int:
        return len(self.items)

    @property
    def count(self) -> int:
        return int(self.first.size)

    def without_judges(self, names: Iterable[str]) -> "DecisionList":
        """The decisions of the other judges, and the items in them.

        Raises `InputError` for a name that made no decision, or when no decision is left.
        """
        places = {name: place for place, name in enumerate(self.judges)}
        excluded = set()
        for name in names:
            if name not in places:
                raise InputError(
                    f"--exclude-judge {printable(name, longest=60)}",
                    "made no decision",
                    f"The judges are: {_some(self.judges)}.",
                )
            excluded.add(places[name])
        if not excluded:
            return self
        kept = ~np.isin(self.judge, sorted(excluded))
        if not kept.any():
            raise InputError(
                "--exclude-judge", "leaves no decision", "Leave at least one judge in."
            )
        return self._only(kept)

    def _only(self, kept: BoolArray) -> "DecisionList":
        first, second, judge = self.first[kept], self.second[kept], self.judge[kept]
        items, place = np.unique(np.concatenate([first, second]), return_inverse=True)
        judges, whose = np.unique(judge, return_inverse=True)
        return replace(
            self,
            items=tuple(self.items[item] for item in items),
            judges=tuple(self.judges[one] for one in judges),
            first=place[: first.size],
            second=place[first.size :],
            first_won=self.first_won[kept],
            judge=whose,
        )


def read_decisions(paths: Sequence[Path]) -> DecisionList:
    """All decisions of the files together; an item or judge of one name is one item or judge.

    A file without judges gets its own name as judge, or provider:model where it has these two
    columns. A winner is essay_a, essay_b, tie (half a win each), or the name of one of the two. A
    row without a winner is left out where its column error_code says that the comparison failed.
    Rows of one correlation_id are one decision, wherever they stand. Raises `InputErrors` with up
    to ten problems of a file, each with its row and column, and where two files say the same.
    """
    reader = _Reader()
    for path in paths:
        reader.read(open_csv(path))
    return reader.done()


@dataclass(eq=False, repr=False)
class _Reader:
    items: dict[str, int] = field(default_factory=lambda: defaultdict(count().__next__))
    judges: dict[str, int] = field(default_factory=lambda: defaultdict(count().__next__))
    parts: list[tuple[IntArray, IntArray, FloatArray, IntArray]] = field(default_factory=list)
    order_known: bool = True
    left_out: int = 0
    files: list[ReadFile] = field(default_factory=list)
    repetitions: Repetitions = field(default_factory=Repetitions)

    def read(self, file: CsvFile) -> None:
        self.repetitions.refuse_known(file)
        shown = FIRST in file.heading or SECOND in file.heading or WINNER in file.heading
        form = (FIRST, SECOND, WINNER) if shown else (CHOSEN, NOT_CHOSEN)
        require(file, form, _FORMS)
        self.order_known = self.order_known and shown
        whose = [name for name in ("judge",) if name in file.heading]
        if not whose and {"provider", "model"} <= set(file.heading):
            whose = ["provider", "model"]
        failures = ["error_code"] if shown and "error_code" in file.heading else []
        ids = [CORRELATION_ID] if CORRELATION_ID in file.heading else []
        seen = 0
        taken = len(self.parts)
        for chunk in file.chunks((*form, *whose, *failures, *ids)):
            seen += len(chunk.numbers)
            before = self.left_out
            if failures:
                chunk = self._judged(chunk)
            self._take(file, chunk, form, whose)
            seen -= self.left_out - before
        if not seen:
            raise InputError(
                str(file.path),
                "has no decision below its first row",
                "Give one row for each decision.",
            )
        read = sum(part[0].size for part in self.parts[taken:])
        self.files.append(ReadFile(str(file.path), read, bool(whose)))

    def _judged(self, chunk: Chunk) -> Chunk:
        """Without the rows of failed comparisons."""
        kept = [
            place
            for place, (winner, failure) in enumerate(
                zip(chunk.columns[WINNER], chunk.columns["error_code"], strict=True)
            )
            if winner or not failure
        ]
        self.left_out += len(chunk.numbers) - len(kept)
        return Chunk(
            [chunk.numbers[place] for place in kept],
            {name: [cells[place] for place in kept] for name, cells in chunk.columns.items()},
        )

    def _take(
        self, file: CsvFile, chunk: Chunk, form: tuple[str, ...], whose: Sequence[str]
    ) -> None:
        one, other = chunk.columns[form[0]], chunk.columns[form[1]]
        errors = list(_empty_cells(file, chunk, (*form, *whose)))
        errors += _self_meetings(file, chunk, form, one, other)
        if len(form) == 3:
            won, wrong = _outcomes(one, other, chunk.columns[WINNER])
            errors += _unknown_winners(file, chunk, wrong)
        else:
            won = np.ones(len(one))
        if errors:
            errors.sort(key=lambda found: found[0])
            raise InputErrors(error for _, error in errors[:MOST_ERRORS])
        if len(whose) == 2:
            made: Iterable[str] = map(
                ":".join, zip(*(chunk.columns[name] for name in whose), strict=True)
            )
        else:
            made = iter(chunk.columns[whose[0]]) if whose else repeat(file.path.stem, len(one))
        first, second = _numbers(self.items, one), _numbers(self.items, other)
        new = self.repetitions.new_rows(file, chunk, first, second, won, order_known=len(form) == 3)
        judges = _numbers(self.judges, compress(made, new))
        self.parts.append((first[new], second[new], won[new], judges))

    def done(self) -> DecisionList:
        first, second, won, judge = (
            np.concatenate(column) for column in zip(*self.parts, strict=True)
        )
        self.repetitions.refuse_contradictions(first, second, won)
        return DecisionList(
            tuple(self.items),
            tuple(self.judges),
            first,
            second,
            won,
            judge,
            self.order_known,
            self.left_out,
            self.repetitions.repeated,
            tuple(contained_files(self.files, first, second, won, judge)),
        )


Found = Iterator[tuple[int, InputError]]


def _numbers(index: dict[str, int], names: Iterable[str]) -> IntArray:
    return np.fromiter(map(index.__getitem__, names), dtype=np.intp)


def _outcomes(
    one: Sequence[str], other: Sequence[str], winners: Sequence[str]
) -> tuple[FloatArray, list[int]]:
    """Outcomes (m,) for the first, and the places whose winner means nothing or two things."""
    won = np.fromiter(map(_outcome, one, other, winners), dtype=np.float64, count=len(one))
    wrong = []
    words = {FIRST: 1.0, SECOND: 0.0, TIE: 0.5}
    for place in np.flatnonzero(np.isnan(won)).tolist():
        word = winners[place].casefold()
        if word in words:
            won[place] = words[word]
        elif word:
            wrong.append(place)
    if not words.keys().isdisjoint(one) or not words.keys().isdisjoint(other):
        # An item of that name: the word would say two things about such a row.
        wrong += [
            place
            for place, (a, b, winner) in enumerate(zip(one, other, winners, strict=True))
            if winner in words and winner in (a, b) and winner != {a: FIRST, b: SECOND}[winner]
        ]
    return won, wrong


def _outcome(one: str, other: str, winner: str) -> float:
    if winner in (one, FIRST):
        return 1.0
    return 0.0 if winner in (other, SECOND) else np.nan


def _empty_cells(file: CsvFile, chunk: Chunk, columns: Sequence[str]) -> Found:
    for column in columns:
        cells = chunk.columns[column]
        if "" not in cells:
            continue
        for row, cell in zip(chunk.numbers, cells, strict=True):
            if not cell:
                yield (
                    row,
                    InputError(
                        file.where(row, column),
                        "is empty",
                        "Fill it in, or take the row out of the file.",
                    ),
                )


def _self_meetings(
    file: CsvFile, chunk: Chunk, form: Sequence[str], one: Sequence[str], other: Sequence[str]
) -> Found:
    for row, a, b in zip(chunk.numbers, one, other, strict=True):
        if a == b and a:
            yield (
                row,
                InputError(
                    file.where(row, form[1]),
                    f'"{printable(a, longest=60)}" is compared with itself',
                    "Name two different items, or take the row out of the file.",
                ),
            )


def _unknown_winners(file: CsvFile, chunk: Chunk, wrong: Iterable[int]) -> Found:
    for place in wrong:
        row = chunk.numbers[place]
        shown = printable(chunk.columns[WINNER][place], longest=60)
        yield (
            row,
            InputError(
                file.where(row, WINNER),
                f'"{shown}" does not say which of the two won',
                "Write essay_a, essay_b, tie, or the name of one of the two items "
                "(which must not be one of these words).",
            ),
        )


def _some(names: Sequence[str], most: int = 10) -> str:
    shown = ", ".join(printable(name, longest=60) for name in sorted(names)[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
