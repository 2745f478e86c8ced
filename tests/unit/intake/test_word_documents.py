"""Word documents: paragraphs kept, what is not the essay left out, hostile files refused."""

import io
import zipfile

import docx
import pytest

from assessment.intake import InputError, Limits, text_of

from .files import docx_bytes, raw_docx, saved


def test_it_separates_paragraphs_by_a_blank_line() -> None:
    data = docx_bytes("First – paragraph.", "", "Second\tone.\nNew line.")
    assert text_of("anna.docx", data) == "First – paragraph.\n\nSecond\tone.\nNew line."


def test_it_keeps_the_text_of_tables_in_its_place() -> None:
    document = docx.Document()
    document.add_paragraph("Before.")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text = "Left."
    table.cell(0, 1).text = "Right."
    document.add_paragraph("After.")
    assert text_of("anna.docx", saved(document)) == "Before.\n\nLeft.\n\nRight.\n\nAfter."


def test_it_leaves_out_headers_where_names_stand() -> None:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Anna Pupil, class 9"
    document.add_paragraph("My essay.")
    assert text_of("anna.docx", saved(document)) == "My essay."


def test_it_leaves_out_deleted_text_and_formatting() -> None:
    body = (
        '<w:p><w:pPr><w:tabs><w:tab w:val="left" w:pos="700"/></w:tabs></w:pPr>'
        "<w:r><w:t>Kept</w:t></w:r><w:del><w:r><w:delText> gone</w:delText><w:br/></w:r></w:del>"
        "<w:ins><w:r><w:t> added</w:t></w:r></w:ins></w:p>"
    )
    assert text_of("anna.docx", raw_docx(body)) == "Kept added"


def test_it_reads_a_text_box_once() -> None:
    box = "<w:txbxContent><w:p><w:r><w:t>In the box.</w:t></w:r></w:p></w:txbxContent>"
    body = (
        "<w:p><w:r><mc:AlternateContent><mc:Choice Requires='wps'>"
        f"{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
        "<w:t>Around it.</w:t></w:r></w:p>"
    )
    assert text_of("anna.docx", raw_docx(body)) == "In the box.\n\nAround it."


def test_it_finds_the_text_under_another_part_name() -> None:
    data = raw_docx("<w:p><w:r><w:t>Hello.</w:t></w:r></w:p>", part="word/document2.xml")
    assert text_of("anna.docx", data) == "Hello."


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"just text",
        _cut(docx_bytes("An essay.")),
        raw_docx("<w:p>"),
        raw_docx("<w:p/>").replace(b"_rels/.rels", b"_rels/.nope"),
    ],
    ids="empty text cut xml parts".split(),
)
def test_it_refuses_a_broken_document(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        text_of("anna.docx", data)
    assert str(caught.value) == (
        "anna.docx: cannot be read as a Word document: the file is broken. "
        "Open it in the program it was written with and save it again."
    )


def test_it_refuses_a_locked_document() -> None:
    with pytest.raises(InputError, match=r"anna\.docx: is locked .* remove the password"):
        text_of("anna.docx", b"\xd0\xcf\x11\xe0" + bytes(600))


def test_it_refuses_a_document_that_unpacks_too_large() -> None:
    data = raw_docx("<w:p><w:r><w:t>" + "a" * 5_000_000 + "</w:t></w:r></w:p>")
    assert len(data) < 20_000
    with pytest.raises(InputError, match=r"anna\.docx: unpacks to 5,000,\d+ bytes.* Save the text"):
        text_of("anna.docx", data, Limits(unpacked_bytes=1_000_000))


def test_it_is_not_fooled_by_a_false_size() -> None:
    data = raw_docx("<w:p><w:r><w:t>" + "a" * 5_000_000 + "</w:t></w:r></w:p>")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = archive.getinfo("word/document.xml").file_size
    lying = data.replace(size.to_bytes(4, "little"), (900).to_bytes(4, "little"))
    with pytest.raises(InputError, match="the file is broken"):
        text_of("anna.docx", lying, Limits(unpacked_bytes=1_000_000))


def test_it_refuses_entities() -> None:
    prologue = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    data = raw_docx("<w:p><w:r><w:t>&b;</w:t></w:r></w:p>", prologue=prologue)
    with pytest.raises(InputError, match="the file is broken"):
        text_of("anna.docx", data)


def test_it_survives_very_deep_nesting() -> None:
    data = raw_docx("<w:p>" * 100_000 + "<w:r><w:t>x</w:t></w:r>" + "</w:p>" * 100_000)
    assert text_of("anna.docx", data) == "x"
