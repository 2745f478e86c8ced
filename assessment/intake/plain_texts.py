"""Bytes of a plain text file to text: UTF-8, UTF-16 with a byte order mark, Windows-1252."""

import codecs
import re

from assessment.intake.errors import Refused

_SAVE_AS_UTF8 = 'Save it again as plain text with the encoding "UTF-8".'

# First bytes of files that people rename to .txt by mistake, and what they are.
_DISGUISES = (
    (b"PK\x03\x04", "a Word document or another zip file"),
    (b"%PDF-", "a pdf"),
    (b"\xd0\xcf\x11\xe0", "an old Word file"),
    (b"{\\rtf", "a rich text (rtf) file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)

# UTF-8's usual two- and three-byte letters and quotes. Where they occur in a file that is not UTF-8
# as a whole, Windows-1252 would turn each into two or three wrong letters.
_UTF8_SEQUENCE = re.compile(rb"[\xc3-\xc5][\x80-\xbf]|\xe2\x80[\x80-\xbf]")

# Control characters without a place in text: all but tab, the line and page breaks, and the mark
# that old editors put at the end of a file.
_CONTROLS = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f\x7f-\x84\x86-\x9f]")
_CONTROL_SHARE = 0.01
_TEXT_SHARE = 0.9


def decode(data: bytes) -> str:
    """The text that the bytes stand for, not yet normalised.

    Raises `Refused` for binary content and for bytes in none of the known encodings.
    """
    for signature, kind in _DISGUISES:
        if data.startswith(signature):
            raise Refused(
                f"is not plain text but {kind}",
                "Give the file its right extension, or save it as plain text.",
            )
    text = _decoded(data)
    if text is None:
        raise Refused("is not text in UTF-8, UTF-16 or Windows-1252", _SAVE_AS_UTF8)
    if _looks_binary(text):
        raise Refused("is not text: it holds binary data", _SAVE_AS_UTF8)
    return text


def _decoded(data: bytes) -> str | None:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _strictly(data, "utf-16")
    text = _strictly(data, "utf-8-sig")
    if text is None and not _UTF8_SEQUENCE.search(data):
        text = _strictly(data, "cp1252")
        if text is not None and _share_of_prose(text) < _TEXT_SHARE:
            text = None
    return text


def _strictly(data: bytes, encoding: str) -> str | None:
    # A UnicodeDecodeError carries the whole file, so it must not leave this function.
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _looks_binary(text: str) -> bool:
    if "\0" in text:
        return True
    return len(_CONTROLS.findall(text)) > _CONTROL_SHARE * len(text)


def _share_of_prose(text: str) -> float:
    """Share of letters, digits, white space and the punctuation that prose uses."""
    prose = sum(char.isalnum() or char.isspace() or char in _PUNCTUATION for char in text)
    return prose / max(len(text), 1)


_PUNCTUATION = frozenset(".,;:!?'\"()-\u2013\u2014\u2018\u2019\u201c\u201d\u2026&%/*")
