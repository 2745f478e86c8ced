"""Pdf files: their text, or a reason why there is none."""

import io

import pytest
from pypdf import PdfReader, PdfWriter

from assessment.intake import InputError, text_of
from assessment.intake.pdf_documents import MAX_PAGES

from .files import pdf_bytes


def test_it_reads_the_text_of_all_pages() -> None:
    data = pdf_bytes(["First line,", "second line."], ["Next page."])
    assert text_of("anna.pdf", data) == "First line,\nsecond line.\nNext page."


def test_it_ignores_a_blank_last_page_and_a_picture_beside_text() -> None:
    data = pdf_bytes(["An essay with a picture."], [], picture_on=1)
    assert text_of("anna.pdf", data) == "An essay with a picture."


@pytest.mark.parametrize(
    ("pages", "picture_on"),
    [([[]], 1), ([["Typed page."], []], 2)],
    ids=["all scanned", "one page scanned"],
)
def test_it_refuses_scanned_pages(pages: list[list[str]], picture_on: int) -> None:
    with pytest.raises(InputError) as caught:
        text_of("anna.pdf", pdf_bytes(*pages, picture_on=picture_on))
    assert str(caught.value).startswith("anna.pdf: holds a picture instead of text on page ")
    assert "OCR" in caught.value.remedy


def test_it_refuses_a_pdf_without_any_text() -> None:
    with pytest.raises(InputError, match=r"anna\.pdf: holds no text that can be read\. Give .*OCR"):
        text_of("anna.pdf", pdf_bytes([]))


def test_it_refuses_a_locked_pdf() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_bytes(["Secret."]))))
    writer.encrypt("password", algorithm="RC4-128")
    stream = io.BytesIO()
    writer.write(stream)
    with pytest.raises(InputError, match=r"anna\.pdf: is locked with a password\. Save a copy"):
        text_of("anna.pdf", stream.getvalue())


def test_it_refuses_a_book() -> None:
    data = pdf_bytes(*[["Page."]] * (MAX_PAGES + 1))
    with pytest.raises(InputError, match=r"anna\.pdf: has 101 pages.*one essay per file"):
        text_of("anna.pdf", data)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4\n", b"no pdf", pdf_bytes(["An essay."])[:150]])
def test_it_refuses_a_broken_pdf(data: bytes) -> None:
    with pytest.raises(InputError, match=r"anna\.pdf: cannot be read as a pdf.* save it again\."):
        text_of("anna.pdf", data)
