"""The text of one file, in one normal form whatever program wrote it."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from assessment.intake.errors import InputError, Refused
from assessment.intake.pdf_documents import pdf_text
from assessment.intake.plain_texts import decode
from assessment.intake.word_documents import docx_text
from llmprovider.contracts.texts import characters_taken_out, clean

SUPPORTED = (".txt", ".md", ".docx", ".pdf")

# The fonts of a pdf leave these where a ligature was: nobody put them there.
_PDF_NOISE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_END_OF_FILE = "\x1a"  # as old editors mark it
_BYTE_ORDER_MARK = "\ufeff"
_KINDS = {".docx": "a Word document", ".pdf": "a pdf"}


@dataclass(frozen=True)
class Limits:
    """Largest input taken, in bytes: of a file, of its text as UTF-8, of an unpacked .docx."""

    file_bytes: int = 20_000_000
    text_bytes: int = 1_000_000
    unpacked_bytes: int = 20_000_000


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Content:
    """A normalised text, and how many hidden characters it was rid of that no editor leaves."""

    text: str = field(repr=False)
    removed: int


def content_of(text: str) -> Content:
    """The normal form of a text, and what it lost on the way."""
    return Content(normalise(text), characters_taken_out(text.rstrip(_END_OF_FILE)))


def normalise(text: str) -> str:
    """One form for equal texts; normalising twice changes nothing.

    Line breaks become newlines; byte order marks go, and what no judge is sent: control characters
    other than newline and tab, stray surrogates and hidden characters. Letters are composed
    (Unicode NFC), spaces at line ends and blank lines at both ends are cut.
    """
    # Before composing: a letter and its accent may only meet once what stood between is gone.
    text = clean(text.replace(_BYTE_ORDER_MARK, ""))
    text = unicodedata.normalize("NFC", text)
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def sha256_of(text: str) -> str:
    """Hex SHA-256 of the normalised text as UTF-8: what says that two texts are the same essay."""
    return hashlib.sha256(normalise(text).encode("utf-8")).hexdigest()


def read_text(path: Path, limits: Limits = DEFAULT_LIMITS) -> str:
    """The normalised text of the file at `path`; raises as `read_content` does."""
    return read_content(path, limits).text


def read_content(path: Path, limits: Limits = DEFAULT_LIMITS) -> Content:
    """The content of the file at `path`, by its extension.

    Raises `InputError` when the file cannot be read, is too large, empty, broken or of a kind not
    supported; the message names the path and says what to do.
    """
    where = str(path)
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise InputError(where, "is not a file", "Give the path of a file with text in it.")
        if size > limits.file_bytes:
            raise _too_large(where, size, limits)
        data = path.read_bytes()
    except InputError:
        raise
    except (OSError, ValueError):  # a ValueError: the path holds what no file name can
        raise InputError(
            where, "cannot be opened", "Check that the file exists and that you may read it."
        ) from None
    return file_content(where, data, limits)


def text_of(name: str, data: bytes, limits: Limits = DEFAULT_LIMITS) -> str:
    """The normalised text of a file given as bytes; raises as `file_content` does."""
    return file_content(name, data, limits).text


def file_content(name: str, data: bytes, limits: Limits = DEFAULT_LIMITS) -> Content:
    """The content of a file given as bytes; the extension of `name` says what it is.

    Raises `InputError` as `read_content` does, naming `name`.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in SUPPORTED:
        raise InputError(
            name,
            f"is not of a kind that can be read ({', '.join(SUPPORTED)})",
            "Save it as one of these, or move it elsewhere if it is not an essay.",
        )
    if len(data) > limits.file_bytes:
        raise _too_large(name, len(data), limits)
    raw = _content(name, suffix, data, limits)
    content = content_of(_PDF_NOISE.sub("", raw) if suffix == ".pdf" else raw)
    text = content.text
    if not text.strip():
        raise InputError(name, "has no text", "Put the text in, or remove the file.")
    size = len(text.encode("utf-8"))
    if size > limits.text_bytes:
        raise InputError(
            name,
            f"holds {size:,} bytes of text, more than the {limits.text_bytes:,} allowed",
            "Give one essay per file.",
        )
    return content


def _content(name: str, suffix: str, data: bytes, limits: Limits) -> str:
    try:
        if suffix == ".docx":
            return docx_text(data, max_unpacked_bytes=limits.unpacked_bytes)
        if suffix == ".pdf":
            return pdf_text(data)
        return decode(data)
    except Refused as refused:
        problem, remedy = refused.problem, refused.remedy
    except Exception:  # the parsers meet hostile bytes here, and fail in more ways than they list
        problem = f"cannot be read as {_KINDS.get(suffix, 'text')}: the file is broken"
        remedy = "Open it in the program it was written with and save it again."
    # Outside the handlers, so that no parser's exception, which may quote the essay, is attached.
    raise InputError(name, problem, remedy)


def _too_large(where: str, size: int, limits: Limits) -> InputError:
    return InputError(
        where,
        f"is {size:,} bytes, more than the {limits.file_bytes:,} allowed",
        "Remove pictures from it, or save the text alone as .txt.",
    )
