"""Small files that unpack to days of work, or to more than the memory holds: refused, by name."""

import io
import re
import zipfile
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.exceptions import ValidationError

from assessment.api.uploads import essays_of
from assessment.intake import InputError, Limits, text_of
from assessment.intake.errors import Refused
from assessment.intake.pdf_documents import pdf_text
from tests.unit.intake.files import WORD_XML, docx_bytes, pdf_bytes, raw_docx

SMALL = 300_000


def packed(content: bytes, entries: bytes = b"") -> bytes:
    content = zlib.compress(content, 9)
    return b"<< %s /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (
        entries,
        len(content),
        content,
    )


def pdf(content: bytes, pages: int = 1, forms: int = 0) -> bytes:
    """Pages that all show one packed stream; `forms` drawings, each drawing the next ten times."""
    font = b"/Font << /F1 3 0 R >>"
    first = 5 + pages
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [%s] /Count %d >>"
        % (b" ".join(b"%d 0 R" % (5 + page) for page in range(pages)), pages),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        4: packed(content),
    }
    drawn = b"/XObject << /X %d 0 R >>" % first if forms else b""
    for page in range(pages):
        objects[5 + page] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            b"/Resources << %s %s >> >>" % (font, drawn)
        )
    for form in range(forms):
        inner = b"/X Do " * 10 if form < forms - 1 else b"BT /F1 12 Tf (x) Tj ET"
        below = b"/XObject << /X %d 0 R >>" % (first + form + 1) if form < forms - 1 else b""
        objects[first + form] = packed(
            inner,
            b"/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Resources << %s %s >>" % (font, below),
        )
    out, places = b"%PDF-1.4\n", []
    for number, body in sorted(objects.items()):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (size, table, size, len(out))
    )


def letters(count: int) -> bytes:
    return b"BT /F1 12 Tf 72 720 Td " + b"(a) Tj " * count + b"ET"


@pytest.mark.parametrize(
    "data",
    [pdf(b" " * 60_000_000), pdf(letters(400_000), pages=100)],
    ids=["a stream of 60 MB", "400,000 letters on each page"],
)
def test_a_pdf_that_unpacks_to_far_too_much_is_refused(data: bytes) -> None:
    assert len(data) < SMALL
    with pytest.raises(InputError, match=r"^bomb\.pdf: cannot be read as a pdf"):
        text_of("bomb.pdf", data)


@pytest.mark.parametrize(
    "data",
    [pdf(letters(20_000), pages=100), pdf(b"/X Do " * 10, pages=100, forms=12)],
    ids=["two million letters", "10 to the power of 12 drawings"],
)
def test_a_pdf_that_takes_too_long_is_given_up(data: bytes) -> None:
    assert len(data) < SMALL
    with pytest.raises(Refused, match="takes too long to read"):
        pdf_text(data, max_seconds=0.3)


def test_an_honest_pdf_is_within_the_limits() -> None:
    lines = ["A line of an essay that a pupil wrote at school."] * 60
    assert text_of("anna.pdf", pdf_bytes(*[lines] * 5)).count("essay") == 300


def test_a_word_document_with_a_huge_list_of_parts_is_refused() -> None:
    """Read as a tree it would take 25,000 times its size in memory."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", "<R>" + "<a/>" * 4_000_000 + "</R>")
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{WORD_XML}"/>')
    with pytest.raises(InputError, match=r"^bomb\.docx: unpacks to 16,000,007 bytes"):
        text_of("bomb.docx", stream.getvalue())


def test_a_word_document_in_a_word_document_is_not_opened() -> None:
    """Nested zips: only the one part that holds the text is ever unpacked."""
    stream = io.BytesIO(docx_bytes("My essay."))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/embeddings/bomb.docx", b"0" * 100_000_000)
    assert text_of("anna.docx", stream.getvalue()) == "My essay."


ENTITIES = {
    "billion laughs": '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    "file": '<!DOCTYPE d [<!ENTITY b SYSTEM "file:///etc/passwd">]>',
    "address": '<!DOCTYPE d [<!ENTITY b SYSTEM "http://127.0.0.1:1/">]>',
    "parameters": '<!DOCTYPE d [<!ENTITY % b SYSTEM "http://127.0.0.1:1/x.dtd"> %b;]>',
}


@pytest.mark.parametrize("prologue", ENTITIES.values(), ids=ENTITIES)
def test_entities_are_refused(prologue: str) -> None:
    with pytest.raises(InputError, match=r"^anna\.docx: cannot be read as a Word document"):
        text_of("anna.docx", raw_docx("<w:p><w:r><w:t>&b;</w:t></w:r></w:p>", prologue=prologue))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("anna.txt", docx_bytes("An essay.")),
        ("anna.txt", pdf_bytes(["An essay."])),
        ("anna.docx", pdf_bytes(["An essay."])),
        ("anna.pdf", docx_bytes("An essay.")),
        ("anna.txt", b"\x7fELF\x02\x01\x01" + bytes(64)),
        ("anna.exe", b"An essay."),
    ],
)
def test_content_must_be_what_the_name_says(name: str, data: bytes) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(name)}: "):
        text_of(name, data)


def upload(name: str, content: bytes = b"Schools are good.") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_each_file_that_is_wrong_is_named() -> None:
    files = [upload("a.txt"), upload("b.pdf"), upload("c.txt", bytes(9)), upload("d.exe")]
    with pytest.raises(ValidationError) as caught:
        essays_of(files, [], None, ("E", "A"))
    messages = [str(message) for message in caught.value.detail["students"]]
    assert [message.partition(":")[0] for message in messages] == ["b.pdf", "c.txt", "d.exe"]


def test_reading_the_files_of_a_request_has_an_end() -> None:
    """So that no upload keeps a thread of the server for hours."""
    with pytest.raises(ValidationError) as caught:
        essays_of([upload("a.txt"), upload("b.txt")], [], None, ("E", "A"), seconds=-1)
    (message,) = caught.value.detail["students"]
    assert str(message).startswith("a.txt: was not read, since reading")


def test_a_file_larger_than_the_limit_is_not_even_parsed() -> None:
    with pytest.raises(InputError, match=r"^anna\.txt: is 1,001 bytes, more than the 1,000"):
        text_of("anna.txt", b"a" * 1_001, Limits(file_bytes=1_000))
