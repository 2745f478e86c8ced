"""The text of a pdf, page by page. No recognition of scanned pages: those are refused."""

import io
import logging
import time
import unicodedata
from typing import Any, Final

from pypdf import PageObject, PdfReader, apply_configuration

from assessment.intake.errors import Refused

# The library's warnings quote pieces of the file, which may be essay text.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

MAX_PAGES = 100
MAX_SECONDS = 20.0
_UNREADABLE_SHARE = 0.05
_GIVE_TEXT = "Give the essay as .docx or .txt, or run text recognition (OCR) on it first."

# A few kilobytes can unpack to work for days. The library's own limits are those of any pdf; a
# page of an essay needs a hundredth of these.
_LIMITS: Final[dict[str, Any]] = {
    "zlib_maximum_output_length": 10_000_000,
    "lzw_maximum_output_length": 10_000_000,
    "run_length_maximum_output_length": 10_000_000,
    "array_based_stream_maximum_output_length": 10_000_000,
    "stream_decoding_work_maximum_length": 30_000_000,
    "stream_parsing_work_maximum_count": 200_000,
    "xform_maximum_invocations_per_extraction": 200,
    "page_tree_maximum_entries": 10 * MAX_PAGES,
}


def pdf_text(data: bytes, *, max_seconds: float = MAX_SECONDS) -> str:
    """Text of all pages, a line of the page a line of the text.

    Raises `Refused` for a locked pdf, for more than `MAX_PAGES` pages, for scanned pages, for
    text without readable letters and for one that takes longer than `max_seconds` to read; a broken
    file, and one that unpacks to far too much, ends in whatever the parser raises.
    """
    deadline = _Deadline(max_seconds)
    with apply_configuration(**_LIMITS):
        whole = _text_of(PdfReader(io.BytesIO(data)), deadline)
    if not whole.strip():
        raise Refused("holds no text that can be read", _GIVE_TEXT)
    if _unreadable_share(whole) > _UNREADABLE_SHARE:
        raise Refused("holds text in a font that cannot be turned into letters", _GIVE_TEXT)
    return whole


def _text_of(reader: PdfReader, deadline: "_Deadline") -> str:
    if reader.is_encrypted:
        raise Refused("is locked with a password", "Save a copy of the pdf without a password.")
    if len(reader.pages) > MAX_PAGES:
        raise Refused(
            f"has {len(reader.pages):,} pages, more than the {MAX_PAGES} allowed",
            "Give one essay per file.",
        )
    pages = []
    for number, page in enumerate(reader.pages, start=1):
        text = page.extract_text(visitor_operand_before=deadline.check)
        deadline.check()
        if not text.strip() and _has_picture(page):
            raise Refused(f"holds a picture instead of text on page {number}", _GIVE_TEXT)
        pages.append(text.strip())
    return "\n".join(pages)


class _Deadline:
    """Asked before every drawing operation, and after every page: the library may swallow one."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def check(self, *_operation: object) -> None:
        if time.monotonic() > self._until:
            raise Refused(
                "takes too long to read",
                "Save the text alone as a new pdf, .docx or .txt file.",
            )


def _has_picture(page: PageObject) -> bool:
    """Whether the page draws an image; without this a half-scanned essay would lose pages."""
    resources = page.get("/Resources")
    objects = resources.get_object().get("/XObject") if resources is not None else None
    if objects is None:
        return False
    return any(
        reference.get_object().get("/Subtype") == "/Image"
        for reference in objects.get_object().values()
    )


def _unreadable_share(text: str) -> float:
    """Share of replacement, private-use, unassigned and control characters."""
    bad = sum(
        char == "\ufffd"
        or (unicodedata.category(char) in {"Cc", "Cn", "Co", "Cs"} and not char.isspace())
        for char in text
    )
    return bad / max(len(text), 1)
