"""POST /api/v1/batches as a form with files, read as folders are read."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from assessment.intake import sha256_of
from assessment.models import Batch, Essay
from tests.conftest import PROJECT
from tests.integration.api.batches import JUDGE, SCALE, SECRET, essay
from tests.unit.intake.files import docx_bytes

URL = "/api/v1/batches"
SAMPLES = PROJECT / "samples"

pytestmark = pytest.mark.django_db


def upload(name: str, content: bytes | str | None = None) -> SimpleUploadedFile:
    text = f"{SECRET} of {name}. Schools are good." if content is None else content
    return SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)


def form(**changes: Any) -> dict[str, Any]:
    asked = {
        "assignment": "schools",
        "grade_scale": ",".join(SCALE),
        "judges": json.dumps([JUDGE]),
        "students": [upload("anna.txt"), upload("bo.txt")],
        **changes,
    }
    return {name: value for name, value in asked.items() if value is not None}


def post(api: APIClient, **changes: Any) -> Any:
    return api.post(URL, form(**changes), format="multipart")


def sample(folder: str) -> list[SimpleUploadedFile]:
    return [upload(path.name, path.read_bytes()) for path in sorted((SAMPLES / folder).iterdir())]


def test_it_takes_the_samples_with_their_grades(api: APIClient) -> None:
    grades = (SAMPLES / "grades.csv").read_bytes()
    answer = post(
        api,
        students=sample("students"),
        anchors=sample("anchors"),
        grades=upload("grades.csv", grades),
        grade_scale="eng5_np_legacy_9_step",
        batch_config_overrides=json.dumps({"seed": 3}),
        llm_config_overrides=json.dumps({"temperature": 0}),
        max_comparisons_override="100",
    )
    assert answer.status_code == 201, answer.data
    batch = Batch.objects.get()
    assert (batch.seed, batch.total_budget) == (3, 100)
    assert batch.essays.filter(role="student").count() == 24
    assert batch.essays.get(name="anchor_9_A.txt").known_grade == "A"
    assert batch.essays.get(name="student_01.txt").known_grade == "D+"


def test_without_a_csv_file_the_anchors_names_tell_their_grades(api: APIClient) -> None:
    answer = post(api, anchors=[upload("x_F.txt"), upload("y_A.md")])
    assert answer.status_code == 201, answer.data
    grades = Essay.objects.filter(role="anchor").values_list("name", "known_grade")
    assert dict(grades) == {"x_F.txt": "F", "y_A.md": "A"}


def test_a_word_document_is_the_text_in_it(api: APIClient) -> None:
    document = docx_bytes("First paragraph.", "Second paragraph.")
    assert post(api, students=[upload("a.docx", document), upload("b.txt")]).status_code == 201
    stored = Essay.objects.get(name="a.docx")
    assert stored.text == "First paragraph.\n\nSecond paragraph."
    assert stored.sha256 == sha256_of(stored.text)


def test_the_lists_may_be_written_with_brackets(api: APIClient) -> None:
    answer = post(api, students=None, **{"students[]": [upload("a.txt"), upload("b.txt")]})
    assert answer.status_code == 201
    assert Essay.objects.count() == 2


def test_files_and_essays_in_the_request_go_together(api: APIClient) -> None:
    assert post(api, essays=json.dumps([essay(1)])).status_code == 201
    assert Essay.objects.count() == 3


@pytest.mark.parametrize("scale", ["swedish_8_anchor", "1,2,3", '["1", "2"]'])
def test_a_grade_scale_is_a_name_or_a_list(api: APIClient, scale: str) -> None:
    assert post(api, grade_scale=scale).status_code == 201


MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"students": [upload("empty.txt", "")]}, "students", "empty.txt: has no text."),
    ({"students": [upload("a.txt", b"\x00\x01\x02" * 9)]}, "students", "a.txt: is not text"),
    ({"students": [upload("a.docx", b"PK no")]}, "students", "a.docx: cannot be read as a Word"),
    ({"students": [upload("a.txt", "word " * 90_000)]}, "students", "more than the 400,000"),
    ({"students": [upload("a.txt", b"x" * 20_000_001)]}, "students", "is 20,000,001 bytes"),
    ({"students": [upload("a.exe")]}, "students", "a.exe: is not of a kind that can be read"),
    ({"students": [upload("a.txt"), upload("a.txt")]}, "students", "a.txt: is uploaded twice."),
    ({"students": [upload("a" * 210 + ".txt")]}, "students", "more than 200 characters"),
    ({"students": ["text"]}, "students", "student 1: The submitted data was not a file"),
    ({"students": None}, "essays", "there are none"),
    ({"anchors": [upload("anna.txt")]}, "anchors", "anna.txt: has no grade in its name."),
    ({"anchors": [upload("x_Z.txt")]}, "anchors", 'x_Z.txt: has the grade "Z"'),
    (
        {"anchors": [upload("x.txt")], "grades": upload("g.csv", "file,grade\nx.txt,Z\n")},
        "grades",
        'g.csv, row 2: gives "x.txt" the grade "Z"',
    ),
    (
        {"anchors": [upload("x.txt")], "grades": upload("g.csv", "file,grade\n")},
        "grades",
        'g.csv: has no row for "x.txt"',
    ),
    ({"grades": upload("g.csv", "a,b\n1,2\n")}, "grades", 'g.csv: has no column "file"'),
    ({"grades": upload("g.csv", "file,grade\nz.txt,A\n")}, "grades", 'g.csv, row 2: names "z.txt"'),
    ({"judges": "mock"}, "judges", "Not valid JSON at line 1, column 1."),
    ({"judges": "[NaN]"}, "judges", "Not valid JSON."),
    ({"batch_config_overrides": "[" * 100_000}, "batch_config_overrides", "Not valid JSON"),
    ({"judges": None}, "judges", "no judge is named"),
    ({"pupils": upload("a.txt")}, "pupils", "There is no such field."),
]


@pytest.mark.parametrize(("mistake", "field", "message"), MISTAKES)
def test_it_names_the_file_and_stores_nothing(
    api: APIClient, mistake: dict[str, Any], field: str, message: str
) -> None:
    for value in mistake.values():  # one file object serves every run of the test
        for file in value if isinstance(value, list) else [value]:
            if isinstance(file, SimpleUploadedFile):
                file.seek(0)
    answer = post(api, **mistake)
    assert answer.status_code == 400, answer.data
    assert list(answer.data) == [field]
    assert any(found.startswith(message) or message in found for found in answer.data[field]), (
        answer.data
    )
    assert SECRET not in answer.content.decode()
    assert "/tmp" not in answer.content.decode()  # noqa: S108 - no path of the server's is told
    assert not Batch.objects.exists()


def test_every_bad_file_is_named_at_once(api: APIClient) -> None:
    answer = post(
        api, students=[upload("a.exe"), upload("b.txt", ""), upload("c.txt")], anchors=[upload("d")]
    )
    assert (len(answer.data["students"]), len(answer.data["anchors"])) == (2, 1)


def test_too_many_files_are_refused(api: APIClient, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 1
    answer = post(api)
    assert answer.status_code == 400
    assert answer.data["detail"] == "The request has too many parts: at most 1 files."


def test_a_file_name_cannot_leave_its_folder(api: APIClient, tmp_path: Path) -> None:
    aimed = f"../../..{tmp_path}/caught.csv"
    answer = post(api, anchors=[upload("x_F.txt")], grades=upload(aimed, "file,grade\nx_F.txt,F\n"))
    assert answer.status_code == 201, answer.data
    assert not (tmp_path / "caught.csv").exists()
