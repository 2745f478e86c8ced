"""Plain text files: whatever editor wrote them, the essay arrives as it was typed."""

import codecs
import traceback

import pytest

from assessment.intake import InputError, normalise, sha256_of, text_of

ESSAY = "I don't agree.\n\nMy café – the “best” one – is Söder's."


@pytest.mark.parametrize("name", ["anna.txt", "anna.md", "ANNA.TXT"])
@pytest.mark.parametrize(
    "data",
    [
        ESSAY.encode("utf-8"),
        ESSAY.encode("utf-8-sig"),
        codecs.BOM_UTF16_LE + ESSAY.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + ESSAY.encode("utf-16-be"),
        ESSAY.encode("cp1252"),
        ESSAY.replace("\n", "\r\n").encode("utf-8"),
        ESSAY.replace("\n", "\r").encode("utf-8"),
        ESSAY.replace("\n", "  \n").encode("utf-8") + b"\n\n",
        ESSAY.replace("é", "e\u0301").encode("utf-8"),
        ESSAY.replace("d", "d\x07").encode("utf-8") + b" " * 900,
    ],
    ids="utf8 bom utf16le utf16be cp1252 crlf cr spaces decomposed bells".split(),
)
def test_it_reads_every_encoding_to_the_same_text(name: str, data: bytes) -> None:
    assert text_of(name, data) == ESSAY


def test_it_keeps_tabs_and_blank_lines_inside() -> None:
    assert text_of("a.txt", b"\n\n\tOne\tof\n\n\n\ntwo \t \n") == "\tOne\tof\n\n\n\ntwo"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"PK\x03\x04rest", "Word document"),
        (b"%PDF-1.7 rest", "pdf"),
        (b"\xd0\xcf\x11\xe0rest", "old Word file"),
        (b"{\\rtf1 rest}", "rich text"),
        (b"\x89PNG\r\n", "picture"),
    ],
)
def test_it_says_what_a_wrongly_named_file_is(data: bytes, kind: str) -> None:
    with pytest.raises(InputError) as caught:
        text_of("students/anna.txt", data)
    assert "students/anna.txt" in str(caught.value)
    assert kind in caught.value.problem
    assert "extension" in caught.value.remedy


@pytest.mark.parametrize(
    "data",
    [
        b"an essay\0with a null",
        bytes(range(1, 9)) * 20,
        bytes(range(256)),
        b"\xb0\xb1\xb2\xdb\xfe\xa4\xa7\xb6" * 9,  # decodes as Windows-1252, but is no prose
        codecs.BOM_UTF16_LE + b"odd",
        "na\u00efve, then a broken byte: ".encode() + b"\xe9",  # two encodings in one file
    ],
)
def test_it_refuses_what_is_not_text(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        text_of("anna.txt", data)
    assert str(caught.value).startswith("anna.txt: is not")
    assert "UTF-8" in caught.value.remedy


@pytest.mark.parametrize("data", [b"", b" \r\n\t\n", b"\xef\xbb\xbf", "\u00a0\u2028".encode()])
def test_it_refuses_an_empty_essay(data: bytes) -> None:
    with pytest.raises(InputError, match=r"anna\.txt: has no text\. Put the text in"):
        text_of("anna.txt", data)


def test_it_never_quotes_the_essay_in_an_error_or_its_traceback() -> None:
    data = b"My secret diary is here \xe9 and caf\xc3\xa9 too"
    with pytest.raises(InputError) as caught:
        text_of("anna.txt", data)
    error = caught.value
    assert "secret" not in "".join(traceback.format_exception(error)) + repr(error)
    assert error.__context__ is None


def test_it_gives_equal_texts_one_hash() -> None:
    assert sha256_of("Café \r\nbar\n") == sha256_of("Cafe\u0301\nbar")
    assert sha256_of("Café") != sha256_of("Cafe")
    assert normalise("e\x07\u0301") == "é"
