"""Files for the intake tests, made on the spot."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import docx

from assessment.intake.folders import EssayFile, Role
from assessment.intake.texts import normalise, sha256_of

WORD_XML = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def docx_bytes(*paragraphs: str) -> bytes:
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    return saved(document)


def saved(document: "docx.document.Document") -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def raw_docx(body: str, *, part: str = "word/document.xml", prologue: str = "") -> bytes:
    """A minimal .docx around `body`, the XML inside <w:body>."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
            f'relationships/officeDocument" Target="/{part}"/></Relationships>',
        )
        archive.writestr(
            part,
            f'{prologue}<w:document xmlns:w="{WORD_XML}" xmlns:mc="http://schemas.openxmlformats'
            f'.org/markup-compatibility/2006"><w:body>{body}</w:body></w:document>',
        )
    return stream.getvalue()


def pdf_bytes(*pages: Iterable[str], picture_on: int | None = None) -> bytes:
    """A pdf written by hand, each page a list of lines; page `picture_on` has a picture."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    }
    picture = 4 + 2 * len(pages)
    for number, lines in enumerate(pages):
        shown = "".join(f"({line}) Tj 0 -14 Td " for line in lines)
        content = f"BT /F1 12 Tf 72 720 Td {shown}ET".encode("cp1252")
        drawn = f"/XObject << /Im1 {picture} 0 R >>" if picture_on == number + 1 else ""
        objects[4 + 2 * number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * number} 0 R "
            f"/Resources << /Font << /F1 3 0 R >> {drawn} >> >>"
        ).encode()
        objects[5 + 2 * number] = _stream(b"", content)
    if picture_on is not None:
        objects[picture] = _stream(
            b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray "
            b"/BitsPerComponent 8 ",
            b"\x80",
        )
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in sorted(objects.items()):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (size, table, size, len(out))
    )


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<< %s/Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def essay(name: str, text: str = "", role: Role = "anchor") -> EssayFile:
    """An essay as the folder reader returns it, without a file behind it."""
    text = normalise(text or f"The text of {name}.")
    return EssayFile(name, role, Path("anchors") / name, text, sha256_of(text), len(text.split()))
