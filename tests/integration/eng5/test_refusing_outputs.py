"""A run never lands in a place that is taken, and takes no name that is taken."""

from pathlib import Path

import pytest

from assessment.models import Batch
from llmprovider.models import MockJudge
from tests.integration.assessment.essays import batch
from tests.integration.eng5.folders import write
from tests.integration.eng5.runner import Finished, eng5_here

pytestmark = pytest.mark.django_db(transaction=True)
MOCK = ["--provider", "mock"]


def assert_refused(ended: Finished, *said: str) -> None:
    assert ended.code == 2
    for words in said:
        assert words in ended.err
    assert "Traceback" not in ended.err


def test_a_folder_that_holds_another_run_is_left_alone(essays, tmp_path, capsys) -> None:
    output = tmp_path / "run"
    other = write(output / "run.json", '{"run": {"id": "another"}}')
    ended = eng5_here(capsys, "execute", *essays, *MOCK, "--output", output)
    assert_refused(ended, str(output), "holds another run", "--output", "--resume")
    assert other.read_text() == '{"run": {"id": "another"}}'
    assert [path.name for path in output.iterdir()] == ["run.json"]
    assert not Batch.objects.exists()


def test_an_output_that_is_a_file_is_refused(essays, tmp_path, capsys) -> None:
    output = write(tmp_path / "run", "something else")
    ended = eng5_here(capsys, "execute", *essays, *MOCK, "--output", output)
    assert_refused(ended, str(output), "--output")
    assert output.read_text() == "something else"
    assert not Batch.objects.exists()


@pytest.mark.parametrize("place", ["file/run", "/proc/run"])
def test_an_output_that_cannot_be_made_is_refused(place, essays, tmp_path, capsys) -> None:
    if place.startswith("/proc") and not Path("/proc").is_dir():
        pytest.skip("needs /proc, where nobody can make a folder")
    write(tmp_path / "file", "in the way")
    output = tmp_path / place
    ended = eng5_here(capsys, "execute", *essays, *MOCK, "--output", output)
    assert_refused(ended, str(output), "--output")
    assert not Batch.objects.exists()


def test_a_label_that_is_taken_is_refused(essays, tmp_path, capsys) -> None:
    """Nothing is written for it: no batch, no mock judge, no folder."""
    batch(label="spring")
    judges = MockJudge.objects.count()
    output = tmp_path / "run"
    ended = eng5_here(
        capsys,
        *["execute", *essays, *MOCK, "--mock-slope", "3"],
        *["--label", "spring", "--output", output],
    )
    assert_refused(ended, "--label", "'spring' is taken", "resume")
    assert Batch.objects.count() == 1
    assert MockJudge.objects.count() == judges
    assert not output.exists()


def test_a_label_of_two_runs_needs_an_id(capsys, django_user_model) -> None:
    """Over the API two users may choose one label; the command line then asks for the id."""
    for name in ("anna", "bo"):
        user = django_user_model.objects.create_user(name)
        Batch.objects.filter(pk=batch().pk).update(label="spring", created_by=user)
    assert_refused(eng5_here(capsys, "cancel", "spring"), "several batches", "give the id")
    assert not Batch.objects.filter(status=Batch.Status.CANCELLED).exists()


def test_a_run_of_another_database_is_not_mistaken_for_one_of_this(tmp_path, capsys) -> None:
    run_id = "00000000-0000-4000-8000-000000000000"
    write(tmp_path / "run.json", f'{{"run": {{"id": "{run_id}"}}}}')
    assert_refused(eng5_here(capsys, "resume", tmp_path), str(tmp_path), "not in this database")
