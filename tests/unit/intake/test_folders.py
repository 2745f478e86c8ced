"""Folders of essays: all of them, in order, or every problem at once."""

import os
import unicodedata
from pathlib import Path

import pytest

from assessment.intake import (
    InputError,
    InputErrors,
    Limits,
    read_folder,
    read_folders,
    read_text,
    sha256_of,
)

from .files import docx_bytes, pdf_bytes


def problems_of(caught: pytest.ExceptionInfo[InputErrors]) -> list[str]:
    return str(caught.value).splitlines()


@pytest.fixture
def students(tmp_path: Path) -> Path:
    folder = tmp_path / "students"
    folder.mkdir()
    (folder / "carl.txt").write_text("Carl's essay.\n")
    (folder / "anna.docx").write_bytes(docx_bytes("Anna's", "essay."))
    (folder / "berit.pdf").write_bytes(pdf_bytes(["Berit's essay."]))
    (folder / "dora.md").write_text("# Dora's essay")
    return folder


def test_it_reads_every_kind_sorted_by_name(students: Path) -> None:
    essays = read_folder(students, "student")
    assert [essay.name for essay in essays] == ["anna.docx", "berit.pdf", "carl.txt", "dora.md"]
    anna, _, carl, _ = essays
    assert (anna.text, anna.words, anna.role) == ("Anna's\n\nessay.", 2, "student")
    assert carl.path == students / "carl.txt"
    assert carl.sha256 == sha256_of("Carl's essay.")


def test_it_does_not_show_the_text_when_an_essay_is_printed(students: Path) -> None:
    assert "essay." not in repr(read_folder(students, "student"))


@pytest.mark.parametrize("litter", [".DS_Store", "~$anna.docx", "._carl.txt", "Thumbs.db"])
def test_it_passes_over_what_the_system_leaves_behind(students: Path, litter: str) -> None:
    (students / litter).write_bytes(b"\0\1\2")
    assert len(read_folder(students, "student")) == 4


def test_it_gives_decomposed_file_names_their_usual_form(tmp_path: Path) -> None:
    (tmp_path / unicodedata.normalize("NFD", "åsa.txt")).write_text("An essay.")
    assert [essay.name for essay in read_folder(tmp_path, "student")] == ["åsa.txt"]


def test_it_names_everything_wrong_in_one_go(students: Path) -> None:
    (students / "empty.txt").write_text(" \n")
    (students / "binary.txt").write_bytes(bytes(100))
    (students / "broken.docx").write_bytes(b"PK\x03\x04 cut short")
    (students / "old.doc").write_bytes(b"\xd0\xcf\x11\xe0")
    (students / "more").mkdir()
    with pytest.raises(InputErrors) as caught:
        read_folder(students, "student")
    assert problems_of(caught) == [
        f"{students}/binary.txt: is not text: it holds binary data. "
        'Save it again as plain text with the encoding "UTF-8".',
        f"{students}/broken.docx: cannot be read as a Word document: the file is broken. "
        "Open it in the program it was written with and save it again.",
        f"{students}/empty.txt: has no text. Put the text in, or remove the file.",
        f"{students}/more: is a folder, and only files are read. "
        "Move its essays up, or move it elsewhere.",
        f"{students}/old.doc: is not of a kind that can be read (.txt, .md, .docx, .pdf). "
        "Save it as one of these, or move it elsewhere if it is not an essay.",
    ]


@pytest.mark.parametrize("second", ["anna.txt", "ANNA.docx", "Anna.pdf"])
def test_it_refuses_two_files_with_one_name(students: Path, second: str) -> None:
    (students / second).write_bytes(pdf_bytes(["x"]) if second.endswith("pdf") else b"Text.")
    with pytest.raises(InputErrors) as caught:
        read_folder(students, "student")
    clash = problems_of(caught)[-1]
    assert "has the same name as" in clash and "Rename one of the two" in clash
    assert second in clash and "anna.docx" in clash


def test_it_refuses_an_empty_and_a_missing_folder(tmp_path: Path) -> None:
    (tmp_path / ".hidden.txt").write_text("Hidden.")
    with pytest.raises(InputErrors, match="holds no student essay. Put the essays in it"):
        read_folder(tmp_path, "student")
    for missing in (tmp_path / "nowhere", tmp_path / ".hidden.txt"):
        with pytest.raises(InputErrors, match="is not a folder that can be read. Give the path"):
            read_folder(missing, "anchor")


def test_it_refuses_files_and_texts_that_are_too_large(students: Path) -> None:
    (students / "carl.txt").write_text("word " * 300)
    (students / "dora.md").write_text("word " * 3000)
    (students / "anna.docx").unlink()
    with pytest.raises(InputErrors) as caught:
        read_folder(students, "student", Limits(file_bytes=10_000, text_bytes=1_000))
    assert problems_of(caught) == [
        f"{students}/carl.txt: holds 1,499 bytes of text, more than the 1,000 allowed. "
        "Give one essay per file.",
        f"{students}/dora.md: is 15,000 bytes, more than the 10,000 allowed. "
        "Remove pictures from it, or save the text alone as .txt.",
    ]


def test_it_says_so_when_a_file_cannot_be_opened(students: Path) -> None:
    (students / "eva.txt").symlink_to(students / "nowhere.txt")
    with pytest.raises(InputErrors, match=r"eva\.txt: cannot be opened\. Check that the file"):
        read_folder(students, "student")


@pytest.mark.parametrize("path", ["nowhere.txt", "nul\0.txt", "\ud800.txt", "x" * 300 + ".txt"])
def test_it_says_so_when_there_is_no_such_file(path: str) -> None:
    with pytest.raises(InputError, match=r"\.txt: cannot be opened\. Check that the file exists"):
        read_text(Path(path))


def test_it_does_not_wait_for_a_pipe(students: Path) -> None:
    os.mkfifo(students / "eva.txt")
    with pytest.raises(InputErrors, match=r"eva\.txt: is not a file\."):
        read_folder(students, "student")


@pytest.mark.parametrize("name", [b"an\nna.txt", b"\xe5sa.txt"], ids=["newline", "not utf-8"])
def test_it_refuses_a_file_name_that_cannot_be_shown(students: Path, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(students) + b"/" + name)).write_text("An essay.")
    with pytest.raises(InputErrors) as caught:
        read_folder(students, "student")
    (line,) = problems_of(caught)
    assert line.isprintable()
    assert "has characters in its name that cannot be shown. Rename the file." in line


class TestBothFolders:
    @pytest.fixture
    def anchors(self, tmp_path: Path) -> Path:
        folder = tmp_path / "anchors"
        folder.mkdir()
        (folder / "anchor_A.txt").write_text("A good essay.")
        return folder

    def test_it_reads_both(self, anchors: Path, students: Path) -> None:
        anchor_files, student_files = read_folders(anchors, students)
        assert [essay.role for essay in anchor_files] == ["anchor"]
        assert {essay.role for essay in student_files} == {"student"}

    def test_it_reads_students_alone(self, students: Path) -> None:
        anchor_files, student_files = read_folders(None, students)
        assert (anchor_files, len(student_files)) == ([], 4)

    def test_it_refuses_a_name_in_both(self, anchors: Path, students: Path) -> None:
        (anchors / "Carl.md").write_text("Another essay.")
        (anchors / "empty.txt").touch()
        with pytest.raises(InputErrors) as caught:
            read_folders(anchors, students)
        assert problems_of(caught) == [
            f"{anchors}/empty.txt: has no text. Put the text in, or remove the file.",
            f'{students}/carl.txt: has the same name as the anchor "Carl.md". '
            "Rename one of the two, or remove the one that does not belong.",
        ]

    def test_it_refuses_one_folder_for_both(self, students: Path) -> None:
        with pytest.raises(InputErrors, match="both for the anchors and for the students"):
            read_folders(students / ".." / "students", students)
