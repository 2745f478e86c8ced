"""The text of a Word document (.docx), read straight from its main part.

Headers, footers, comments, footnotes and deleted text are left out: they are not the essay, and
headers are where pupils' names stand.
"""

import io
import zipfile

from defusedxml.ElementTree import DefusedXMLParser, fromstring

from assessment.intake.errors import Refused

_NAMESPACES = (
    "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}",
    "{http://purl.oclc.org/ooxml/wordprocessingml/main}",
)
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# Formatting (whose <w:tab> is a tab stop, not a tab) and text that the author took out.
_SKIPPED = frozenset({"pPr", "rPr", "sectPr", "tblPr", "del", "moveFrom"})
_MARKS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_OLE_SIGNATURE = b"\xd0\xcf\x11\xe0"
_CHUNK = 65536
# It names a handful of parts. Read as a tree, so that more of it would cost memory many times over.
_MAX_RELATIONS_BYTES = 100_000


def docx_text(data: bytes, *, max_unpacked_bytes: int) -> str:
    """Paragraphs in document order, those in tables and text boxes too, separated by blank lines.

    Raises `Refused` for a file locked with a password and for one that unpacks to more than
    `max_unpacked_bytes`; a broken file ends in whatever its zip or XML parser raises.
    """
    if data.startswith(_OLE_SIGNATURE):
        raise Refused(
            "is locked with a password or is an old .doc file",
            "Open it in Word, remove the password and save it as .docx.",
        )
    body = _Body()
    # The parser refuses a document type declaration, and with it every entity expansion.
    parser = DefusedXMLParser(target=body, forbid_dtd=True)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        part = _main_part(archive, max_unpacked_bytes)
        with archive.open(_checked(archive, part, max_unpacked_bytes)) as stream:
            while chunk := stream.read(_CHUNK):
                parser.feed(chunk)
    parser.close()
    return "\n\n".join(body.paragraphs)


def _checked(archive: zipfile.ZipFile, part: str, limit: int) -> zipfile.ZipInfo:
    # zipfile never yields more than the size declared here, so checking the declaration is enough.
    info = archive.getinfo(part)
    if info.file_size > limit:
        raise Refused(
            f"unpacks to {info.file_size:,} bytes, more than the {limit:,} allowed",
            "Save the text alone as a new .docx or .txt file.",
        )
    return info


def _main_part(archive: zipfile.ZipFile, limit: int) -> str:
    """Name of the part that holds the text; usually, but not always, word/document.xml."""
    listed = _checked(archive, "_rels/.rels", min(limit, _MAX_RELATIONS_BYTES))
    relations = fromstring(archive.read(listed), forbid_dtd=True)
    for relation in relations:
        if relation.get("Type", "").endswith("/officeDocument"):
            return str(relation.get("Target", "")).lstrip("/")
    return "word/document.xml"


class _Body:
    """Parser target that gathers paragraphs without building a tree, so memory stays small."""

    def __init__(self) -> None:
        self.paragraphs: list[str] = []
        self._open: list[list[str]] = []
        self._skipped = 0
        self._in_text = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _word_name(tag)
        if self._skipped or tag == _FALLBACK or name in _SKIPPED:
            self._skipped += 1
        elif name == "p":
            self._open.append([])
        elif name == "t":
            self._in_text = True
        elif name in _MARKS:
            self._append(_MARKS[name])

    def end(self, tag: str) -> None:
        name = _word_name(tag)
        if self._skipped:
            self._skipped -= 1
        elif name == "p":
            paragraph = "".join(self._open.pop())
            if paragraph.strip():
                self.paragraphs.append(paragraph)
        elif name == "t":
            self._in_text = False

    def data(self, text: str) -> None:
        if self._in_text and not self._skipped:
            self._append(text)

    def close(self) -> None:
        """Nothing to finish: a document that ends early is the parser's error."""

    def _append(self, text: str) -> None:
        if self._open:
            self._open[-1].append(text)


def _word_name(tag: str) -> str:
    for namespace in _NAMESPACES:
        if tag.startswith(namespace):
            return tag[len(namespace) :]
    return ""
