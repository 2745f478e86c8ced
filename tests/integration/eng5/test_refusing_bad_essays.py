"""What is wrong with the essays is said, with the file and the remedy, before anything starts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from assessment.models import Assignment, Batch
from llmprovider.models import MockJudge
from tests.integration.eng5.folders import text, write, write_essays
from tests.integration.eng5.runner import DATABASE, eng5, eng5_here

pytestmark = pytest.mark.django_db(transaction=True)


def an_empty_folder(root: Path) -> Path:
    for essay in (root / "students").iterdir():
        essay.unlink()
    return root / "students"


def one_essay_without_anchors(root: Path) -> Path:
    for essay in [*(root / "anchors").iterdir(), *list((root / "students").iterdir())[1:]]:
        essay.unlink()
    (root / "anchors").rmdir()
    return root / "students"


def an_empty_essay(root: Path) -> Path:
    return write(root / "students" / "student_02.txt", " \n\n ")


def a_file_that_is_not_text(root: Path) -> Path:
    path = root / "students" / "student_03.txt"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00\xff\xfe\x00\x81")
    return path


def a_picture(root: Path) -> Path:
    return write(root / "students" / "photo.jpg", "not an essay")


def an_unreadable_docx(root: Path) -> Path:
    path = root / "students" / "broken.docx"
    path.write_bytes(b"PK\x03\x04 and then nothing of a Word document")
    return path


def an_unreadable_pdf(root: Path) -> Path:
    path = root / "students" / "broken.pdf"
    path.write_bytes(b"%PDF-1.7\nand then nothing")
    return path


def a_grade_outside_the_scale(root: Path) -> Path:
    return write(root / "anchors" / "anchor_Z.txt", text(5))


def an_anchor_without_a_grade(root: Path) -> Path:
    return write(root / "anchors" / "nameless.txt", text(5))


def two_files_with_one_name(root: Path) -> Path:
    write(root / "students" / "student_04.md", text(9))
    return root / "students" / "student_04.txt"


def a_student_named_like_an_anchor(root: Path) -> Path:
    return write(root / "students" / "anchor_A.txt", text(9))


def a_folder_that_does_not_exist(root: Path) -> Path:
    (root / "students").rename(root / "elsewhere")
    return root / "students"


@pytest.mark.parametrize(
    ("spoil", "said", "remedy"),
    [
        (an_empty_folder, "holds no student essay", "Put the essays in it"),
        (one_essay_without_anchors, "one essay", "--anchors"),
        (an_empty_essay, "has no text", "remove the file"),
        (a_file_that_is_not_text, "text", "ave it"),
        (a_picture, "not of a kind that can be read", "Save it as one of these"),
        (an_unreadable_docx, "broken", "save it again"),
        (an_unreadable_pdf, "broken", "save it again"),
        (a_grade_outside_the_scale, '"Z", which is not on the scale', "csv file of grades"),
        (an_anchor_without_a_grade, "has no grade in its name", "csv file of grades"),
        (two_files_with_one_name, "has the same name", "Rename one of the two"),
        (a_student_named_like_an_anchor, "has the same name as the anchor", "Rename one"),
        (a_folder_that_does_not_exist, "not a folder that can be read", "Give the path"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
@pytest.mark.parametrize("command", ["plan", "execute"])
def test_it_refuses_and_starts_nothing(
    command: str,
    spoil: Callable[[Path], Path],
    said: str,
    remedy: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A message naming the file and the remedy, exit 2, no rows and no folder."""
    options = write_essays(tmp_path, anchors=4)
    culprit = spoil(tmp_path)
    if not (tmp_path / "anchors").exists():
        options = options[:2]
    output = ["--output", tmp_path / "run"] if command == "execute" else []
    ended = eng5_here(capsys, command, *options, "--provider", "mock", *output)
    assert ended.code == 2
    assert str(culprit) in ended.err
    assert said in ended.err
    assert remedy in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert not (tmp_path / "run").exists()
    assert not Batch.objects.exists()
    assert not Assignment.objects.exists()
    assert not MockJudge.objects.exists()


def test_it_names_everything_that_is_wrong_at_once(tmp_path, capsys) -> None:
    options = write_essays(tmp_path, anchors=4)
    culprits = [spoil(tmp_path) for spoil in (an_empty_essay, a_picture, two_files_with_one_name)]
    ended = eng5_here(capsys, "plan", *options, "--provider", "mock")
    assert ended.code == 2
    assert all(str(path) in ended.err for path in culprits)


def test_no_message_quotes_an_essay(tmp_path, capsys) -> None:
    options = write_essays(tmp_path)
    secret = "Unmistakable words of a pupil"
    write(tmp_path / "students" / "student_04.md", secret)
    path = tmp_path / "students" / "broken.docx"
    path.write_bytes(secret.encode())
    ended = eng5_here(capsys, "plan", *options, "--provider", "mock")
    assert ended.code == 2
    assert "Unmistakable" not in ended.out + ended.err


def test_a_refused_run_leaves_no_database_behind(tmp_path) -> None:
    options = write_essays(tmp_path)
    an_empty_essay(tmp_path)
    output = tmp_path / "run"
    ended = eng5(tmp_path / "data", "execute", *options, "--provider", "mock", "--output", output)
    assert ended.code == 2
    assert "has no text" in ended.err
    assert not (tmp_path / "data" / DATABASE).exists()
    assert not output.exists()
