"""Large csv files: their heading, and their rows in chunks of whole columns."""

import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import InitVar, dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path

from assessment.intake.errors import InputError, Refused, printable
from assessment.intake.plain_texts import decode

MAX_BYTES = 500_000_000
CHUNK = 2_048
"""Rows at a time: with more of them alive, Python spends its time on collecting garbage."""

_DELIMITERS = ",;\t"


@dataclass(frozen=True, eq=False, repr=False)
class Chunk:
    """Some rows of a file: their numbers as a spreadsheet counts them, and one list per column."""

    numbers: Sequence[int]
    columns: dict[str, list[str]]


@dataclass(eq=False, repr=False)
class CsvFile:
    """An opened csv file; `heading` holds its column names in lower case. Read it once.

    Files of one `digest` say the same.
    """

    path: Path
    delimiter: str
    text: InitVar[str]
    heading: tuple[str, ...] = ()
    digest: bytes = b""

    def __post_init__(self, text: str) -> None:
        self.digest = sha256(text.encode("utf-8", "surrogatepass")).digest()
        self._reader = csv.reader(io.StringIO(text), delimiter=self.delimiter, strict=True)
        self._read = 0
        while not any(self.heading) and (rows := self._next(1)):
            self.heading = tuple(cell.strip().casefold() for cell in rows[0])

    def where(self, row: int, column: str) -> str:
        return f"{self.path}, row {row}, column {column}"

    def chunks(self, wanted: Sequence[str]) -> Iterator[Chunk]:
        """The wanted columns, stripped; blank rows are left out, short rows filled with "".

        Raises `InputError` where the text breaks the rules of csv.
        """
        places = {name: self.heading.index(name) for name in wanted}
        width = len(self.heading)
        while rows := self._next(CHUNK):
            numbers: Sequence[int] = range(self._read - len(rows) + 1, self._read + 1)
            if set(map(len, rows)) != {width}:
                kept = [place for place, row in enumerate(rows) if any(map(str.strip, row))]
                numbers = [numbers[place] for place in kept]
                rows = [(rows[place] + [""] * width)[:width] for place in kept]
            cells = list(zip(*rows, strict=True)) or [()] * width
            yield Chunk(
                numbers,
                {name: list(map(str.strip, cells[place])) for name, place in places.items()},
            )

    def _next(self, most: int) -> list[list[str]]:
        try:
            rows = list(islice(self._reader, most))
        except csv.Error as error:
            raise InputError(
                f"{self.path}, line {self._reader.line_num}",
                f"is not csv ({printable(str(error))})",
                "Save it from the spreadsheet program as csv.",
            ) from None
        self._read += len(rows)
        return rows


def open_csv(path: Path) -> CsvFile:
    """Read a csv file with a heading, separated by comma, semicolon or tab.

    A byte order mark, capitals and spaces in the heading and further columns do no harm. Raises
    `InputError` for a file that cannot be read, is empty or is not text.
    """
    text = _text(path)
    first = text.lstrip().partition("\n")[0]
    file = CsvFile(path, max(_DELIMITERS, key=first.count), text)
    if not any(file.heading):
        raise InputError(str(path), "is empty", "Give a csv file with a first row of column names.")
    return file


def require(file: CsvFile, columns: Sequence[str], remedy: str) -> None:
    """Raise `InputError` unless each of the columns is there, once."""
    for column in columns:
        if column not in file.heading:
            raise InputError(
                f"{file.path}, row 1", f'has no column "{column}" in its first row', remedy
            )
        if file.heading.count(column) > 1:
            raise InputError(
                f"{file.path}, row 1", f'has two columns "{column}"', "Keep one of them."
            )


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(
                str(path),
                f"is larger than the {MAX_BYTES:,} bytes allowed",
                "Split it into several files.",
            )
        text = decode(path.read_bytes())
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            str(path), "cannot be opened", "Check that the file exists and that you may read it."
        ) from None
    except Refused as refused:
        raise InputError(str(path), refused.problem, refused.remedy) from None
    if not text.isascii():
        # One name typed on two computers may be spelt with different code points.
        text = unicodedata.normalize("NFC", text)
    return text.replace("\r\n", "\n").replace("\r", "\n")
