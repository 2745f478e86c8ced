"""Decisions that are read more than once: by their id, by their file, or by what they say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path

import numpy as np

from assessment.fitting.csv_files import Chunk, CsvFile
from assessment.intake.errors import InputError, InputErrors
from assessment.measurement.arrays import BoolArray, FloatArray, IntArray

CORRELATION_ID = "correlation_id"
MOST_ERRORS = 10
GLANCE = 20
"""Decisions looked up first: most files that share nothing are told apart by these."""


@dataclass(eq=False, repr=False)
class Repetitions:
    """The contents of files that were read, and the decision number of each correlation id."""

    repeated: int = 0
    _files: dict[bytes, Path] = field(default_factory=dict)
    _ids: dict[str, int] = field(default_factory=dict)
    _kept: int = 0
    _earlier: list[int] = field(default_factory=list)
    _places: list[str] = field(default_factory=list)
    _said: list[tuple[IntArray, IntArray, FloatArray, BoolArray]] = field(default_factory=list)
    _order_known: list[BoolArray] = field(default_factory=list)

    def refuse_known(self, file: CsvFile) -> None:
        """Raise `InputError` for a file whose content has been read already."""
        same = self._files.get(file.digest)
        self._files[file.digest] = file.path
        if same is not None:
            raise InputError(
                str(file.path),
                "is named twice" if same == file.path else f"has the same content as {same}",
                "Name it once: a decision counts as often as it is read.",
            )

    def new_rows(
        self,
        file: CsvFile,
        chunk: Chunk,
        first: IntArray,
        second: IntArray,
        won: FloatArray,
        *,
        order_known: bool,
    ) -> BoolArray:
        """Which rows (r,) to keep: those with an id that no earlier row had, or without one.

        `order_known` says whether `first` was shown first, or is only the chosen one.
        """
        new = np.ones(first.size, dtype=np.bool_)
        known = np.full(first.size, order_known)
        # Rows without an id count too: an id holds the place of its decision among all.
        for place, name in enumerate(chunk.columns.get(CORRELATION_ID, repeat("", first.size))):
            if name and self._ids.setdefault(name, self._kept) != self._kept:
                new[place] = False
                self._earlier.append(self._ids[name])
                self._places.append(file.where(chunk.numbers[place], CORRELATION_ID))
            else:
                self._kept += 1
        if not new.all():
            self.repeated += int((~new).sum())
            self._said.append((first[~new], second[~new], won[~new], known[~new]))
        self._order_known.append(known[new])
        return new

    def refuse_contradictions(self, first: IntArray, second: IntArray, won: FloatArray) -> None:
        """Raise `InputErrors` where a row left out says another thing than the one kept (m,).

        Which of the two comes first matters only among rows that say what was shown first.
        """
        if not self._said:
            return
        one, other, outcome, known = (
            np.concatenate(column) for column in zip(*self._said, strict=True)
        )
        kept = np.array(self._earlier, dtype=np.intp)
        comparable = known & np.concatenate(self._order_known)[kept]
        alike = (first[kept] == one) & (second[kept] == other) & (won[kept] == outcome)
        turned = (first[kept] == other) & (second[kept] == one) & (won[kept] == 1 - outcome)
        wrong = ~(alike | (turned & ~comparable))
        # Where the row kept does not say what was shown first, those left out must still agree.
        others = np.flatnonzero(known & ~comparable)
        _, start, group = np.unique(kept[others], return_index=True, return_inverse=True)
        wrong[others] |= turned[others] != turned[others][start][group]
        if wrong.any():
            raise InputErrors(
                InputError(
                    self._places[place],
                    "is the id of an earlier decision that says something else",
                    "Keep the row that is true, or take the column out if it does not hold an id "
                    "of each decision.",
                )
                for place in np.flatnonzero(wrong)[:MOST_ERRORS].tolist()
            )


@dataclass(frozen=True)
class ReadFile:
    """A file, how many decisions were taken from it, and whether it names their judges."""

    name: str
    size: int
    judged: bool


def contained_files(
    files: Sequence[ReadFile],
    first: IntArray,
    second: IntArray,
    won: FloatArray,
    judge: IntArray,
) -> Iterator[tuple[str, str]]:
    """Files all of whose decisions are in another file as well, as often, with that file.

    The decisions (m,) are those of `files` in their order. Judges count where both files name them.
    """
    if len(files) < 2:
        return
    ends = np.cumsum([file.size for file in files])
    slices = [slice(int(end) - file.size, int(end)) for file, end in zip(files, ends, strict=True)]
    items = int(max(first.max(), second.max())) + 1
    pair = (first * items + second) * 3 + np.rint(2 * won).astype(np.intp)
    whole = pair * (int(judge.max()) + 1) + judge
    counts = {
        judged: [np.unique(keys[part], return_counts=True) for part in slices]
        for judged, keys in ((True, whole), (False, pair))
    }
    told: set[int] = set()
    for small, file in enumerate(files):
        for large, other in enumerate(files):
            if small == large or large in told or not 0 < file.size <= other.size:
                continue
            if _within(*(counts[file.judged and other.judged][one] for one in (small, large))):
                told.add(small)
                yield file.name, other.name
                break


Counts = tuple[IntArray, IntArray]


def _within(some: Counts, more: Counts) -> bool:
    """Whether each key of `some` is in `more` at least as often; keys are sorted."""
    for part in (slice(GLANCE), slice(None)):
        keys, times = some[0][part], some[1][part]
        places = np.minimum(np.searchsorted(more[0], keys), more[0].size - 1)
        if not bool(((more[0][places] == keys) & (more[1][places] >= times)).all()):
            return False
    return True
