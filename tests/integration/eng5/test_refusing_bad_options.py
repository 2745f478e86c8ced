"""An option that cannot be honoured is named, with the remedy, before anything starts."""

from pathlib import Path

import pytest

from assessment.models import Assignment, Batch
from llmprovider.models import MockJudge
from tests.integration.eng5.folders import write
from tests.integration.eng5.runner import DATABASE, Finished, eng5, eng5_here

pytestmark = pytest.mark.django_db(transaction=True)
MOCK = ["--provider", "mock"]


@pytest.fixture(autouse=True)
def _no_keys_and_no_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "ANTHROPIC_API_KEY",
        "OPENAI_API_KEY",
        "CJ_ASSESSMENT_SERVICE_DEFAULT_LLM_PROVIDER",
        "CJ_ASSESSMENT_SERVICE_DEFAULT_LLM_MODEL",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param([], ["--provider", "no judge is named"], id="no judge at all"),
        pytest.param(
            ["--provider", "nosuch", "--model", "m"],
            ["--provider", "nosuch", "anthropic, mock, openai"],
            id="unknown provider",
        ),
        pytest.param(
            ["--provider", "anthropic", "--model", "m"],
            ["anthropic", "ANTHROPIC_API_KEY"],
            id="no key for anthropic",
        ),
        pytest.param(["--judge", "openai:m"], ["openai", "OPENAI_API_KEY"], id="no key for openai"),
        pytest.param(
            ["--judge", "mock", *MOCK], ["--judge", "--provider", "not both"], id="both ways"
        ),
        pytest.param(["--model", "m"], ["--model", "--provider"], id="model without provider"),
        pytest.param(
            ["--judge", "mock", "--judge", "mock"], ["--judge", "twice"], id="one judge twice"
        ),
        pytest.param([*MOCK, "--max-comparisons", "1"], ["--max-comparisons", "2"], id="cap 1"),
        pytest.param(
            [*MOCK, "--max-comparisons", "100001"], ["--max-comparisons", "100000"], id="cap"
        ),
        pytest.param(
            [*MOCK, "--max-comparisons", "many"], ["--max-comparisons", "many"], id="no number"
        ),
        pytest.param(
            [*MOCK, "--llm-batching-mode", "nosuch"],
            ["--llm-batching-mode", "nosuch", "serial_bundle"],
            id="unknown mode",
        ),
        pytest.param(
            [*MOCK, "--grade-scale", "nosuch"],
            ["nosuch", "eng5_np_legacy_9_step"],
            id="unknown scale",
        ),
        pytest.param([*MOCK, "--grade-scale", "F,E,E,A"], ["E", "once"], id="grade twice"),
        pytest.param([*MOCK, "--temperature", "5"], ["--temperature", "2"], id="temperature"),
        pytest.param(
            [*MOCK, "--temperature", "0.5"], ["--temperature", "only 0"], id="mock's temperature"
        ),
        pytest.param(
            [*MOCK, "--max-tokens", "200001"], ["--max-tokens", "200"], id="too many tokens"
        ),
        pytest.param(
            [*MOCK, "--reasoning-effort", "low"], ["--reasoning-effort", "mock"], id="mock's effort"
        ),
        pytest.param(
            [*MOCK, "--output-verbosity", "low"], ["--output-verbosity"], id="mock's verbosity"
        ),
        pytest.param(
            ["--judge", "anthropic:claude-3-opus-20240229"],
            ["--judge", "shut", "Use one of"],
            id="a model shut down",
        ),
        pytest.param([*MOCK, "--mock-slope", "0"], ["--mock-slope", "above 0"], id="slope 0"),
        pytest.param([*MOCK, "--mock-slope", "nan"], ["slope"], id="slope nan"),
        pytest.param([*MOCK, "--mock-bias", "inf"], ["bias"], id="bias inf"),
        pytest.param([*MOCK, "--mock-seed", "9" * 25], ["seed"], id="mock seed too large"),
        pytest.param([*MOCK, "--seed", "9" * 25], ["--seed"], id="seed too large"),
        pytest.param([*MOCK, "--seed", "-1"], ["--seed"], id="negative seed"),
        pytest.param([*MOCK, "--max-tokens", "0"], ["--max-tokens"], id="no tokens"),
        pytest.param([*MOCK, "--label", "x" * 201], ["--label", "200"], id="label too long"),
        pytest.param([*MOCK, "--nosuch"], ["--nosuch"], id="unknown option"),
    ],
)
def test_it_refuses_and_starts_nothing(
    options: list[str],
    said: list[str],
    essays: list[object],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit 2, a message naming the option, no rows and no folder."""
    ended = eng5_here(capsys, "execute", *essays, *options, "--output", tmp_path / "run")
    assert_refused(ended, *said)
    assert not (tmp_path / "run").exists()


def assert_refused(ended: Finished, *said: str) -> None:
    assert ended.code == 2
    for words in said:
        assert words in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert not Batch.objects.exists()
    assert not Assignment.objects.exists()
    assert not MockJudge.objects.exists()


@pytest.mark.parametrize("option", ["--task", "--rubric", "--system-prompt"])
def test_it_names_an_instruction_file_it_cannot_read(option, essays, tmp_path, capsys) -> None:
    missing = tmp_path / "missing.md"
    output = tmp_path / "run"
    ended = eng5_here(capsys, "execute", *essays, *MOCK, option, missing, "--output", output)
    assert_refused(ended, str(missing), "Check that the file exists")
    assert not output.exists()


def test_it_names_a_folder_given_as_task(essays, tmp_path, capsys) -> None:
    ended = eng5_here(capsys, "plan", *essays, *MOCK, "--task", tmp_path)
    assert_refused(ended, str(tmp_path), "Give the path of a file")


def test_a_truth_needs_a_row_for_every_essay(essays, tmp_path, capsys) -> None:
    truth = write(tmp_path / "truth.csv", "file,grade\nstudent_00.txt,A\n")
    ended = eng5_here(
        capsys, "execute", *essays, *MOCK, "--mock-truth", truth, "--output", tmp_path / "run"
    )
    assert_refused(ended, str(truth), 'has no row for "student_07.txt"', "Add a row")
    assert not (tmp_path / "run").exists()


def test_a_truth_is_for_the_mock_judge_alone(essays, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "not-a-real-key")
    truth = write(tmp_path / "truth.csv", "file,grade\n")
    ended = eng5_here(capsys, "plan", *essays, "--judge", "anthropic:m", "--mock-truth", truth)
    assert_refused(ended, "--mock-truth", "--provider mock")
    assert "not-a-real-key" not in ended.err


def test_the_anchors_grades_must_be_in_the_csv_file_that_is_given(essays, tmp_path, capsys) -> None:
    grades = write(tmp_path / "grades.csv", "file,grade\nanchor_F+.txt,F+\nanchor_D-.txt,Q\n")
    ended = eng5_here(capsys, "plan", *essays, *MOCK, "--grades", grades)
    assert_refused(ended, str(grades), '"Q", which is not on the scale', 'for "anchor_C+.txt"')


@pytest.mark.parametrize("command", ["resume", "status", "report", "cancel"])
@pytest.mark.parametrize("batch", ["nosuch", "4711"])
def test_it_says_how_to_find_a_batch_that_is_not_there(command, batch, capsys) -> None:
    ended = eng5_here(capsys, command, batch)
    assert_refused(ended, batch, "eng5 status")


def test_resume_needs_to_know_which_run(essays, capsys) -> None:
    """Without a folder or a label there is nothing to continue, and no new run is wanted."""
    ended = eng5_here(capsys, "execute", *essays, *MOCK, "--resume")
    assert_refused(ended, "--output", "--label")


def test_a_missing_key_leaves_no_database_behind(essays, tmp_path) -> None:
    output = tmp_path / "run"
    options = ["--provider", "anthropic", "--model", "m", "--output", output]
    ended = eng5(tmp_path / "data", "execute", *essays, *options)
    assert ended.code == 2
    assert "ANTHROPIC_API_KEY" in ended.err
    assert not (tmp_path / "data" / DATABASE).exists()
    assert not output.exists()


def test_a_bad_setting_stops_the_start(essays, tmp_path) -> None:
    """With pydantic's message, whatever the command."""
    ended = eng5(
        tmp_path / "data",
        *["plan", *essays, *MOCK],
        CJ_ASSESSMENT_SERVICE_MAX_PAIRWISE_COMPARISONS="0",
    )
    assert ended.code != 0
    assert "MAX_PAIRWISE_COMPARISONS" in ended.err
    assert "greater than or equal to 1" in ended.err
    assert not (tmp_path / "data" / DATABASE).exists()
