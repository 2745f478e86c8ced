"""The text of a pdf, page by page. No recognition of scanned pages: those are refused."""

import io
import logging
import unicodedata

from pypdf import PageObject, PdfReader

from assessment.intake.errors import Refused

# The library's warnings quote pieces of the file, which may be essay text.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

MAX_PAGES = 100
_UNREADABLE_SHARE = 0.05
_GIVE_TEXT = "Give the essay as .docx or .txt, or run text recognition (OCR) on it first."


def pdf_text(data: bytes) -> str:
    """Text of all pages, a line of the page a line of the text.

    Raises `Refused` for a locked pdf, for more than `MAX_PAGES` pages, for scanned pages and for
    text without readable letters; a broken file ends in whatever the parser raises.
    """
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted:
        raise Refused("is locked with a password", "Save a copy of the pdf without a password.")
    if len(reader.pages) > MAX_PAGES:
        raise Refused(
            f"has {len(reader.pages):,} pages, more than the {MAX_PAGES} allowed",
            "Give one essay per file.",
        )
    pages = []
    for number, page in enumerate(reader.pages, start=1):
        text = page.extract_text()
        if not text.strip() and _has_picture(page):
            raise Refused(f"holds a picture instead of text on page {number}", _GIVE_TEXT)
        pages.append(text.strip())
    whole = "\n".join(pages)
    if not whole.strip():
        raise Refused("holds no text that can be read", _GIVE_TEXT)
    if _unreadable_share(whole) > _UNREADABLE_SHARE:
        raise Refused("holds text in a font that cannot be turned into letters", _GIVE_TEXT)
    return whole


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
