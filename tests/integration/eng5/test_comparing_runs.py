"""`eng5 compare`: two runs on the same essays, side by side."""

import json
import shutil
from pathlib import Path

import pytest

from assessment.models import Batch
from llmprovider.emulator import Emulator
from tests.emulators import emulator, running
from tests.integration.assessment.essays import batch
from tests.integration.eng5.conftest import MOCK
from tests.integration.eng5.folders import write, write_essays
from tests.integration.eng5.runner import eng5_here, read_run

__all__ = ["emulator"]

pytestmark = pytest.mark.django_db(transaction=True)
JUDGE = ("--judge", "anthropic:claude-haiku-4-5")


@pytest.fixture(autouse=True)
def _runs_go_to_the_tests_folder(settings, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path


def run(capsys, label: str, *options: object) -> Path:
    """A run of this label; returns its folder."""
    folder = Path("runs") / label
    asked = [*options, "--label", label, "--seed", "5", "--output", folder]
    eng5_here(capsys, "execute", *asked, "--json").succeeded()
    return folder


@pytest.fixture
def folder(monkeypatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_identical_configuration_gives_identical_ranks_for_fewer_calls_and_tokens(
    essays, folder, capsys, monkeypatch
) -> None:
    """Issue 8, item 7, and its last point: only the mode differs, and only the effort with it."""
    same = [*essays, *JUDGE, "--pairing-strategy", "balanced", "--max-comparisons", "40"]
    calls = []
    for mode in ("per_request", "serial_bundle"):
        # One for each: an emulator draws anew when it is asked about a pair again.
        with running() as emulator:
            for name, value in emulator.environment.items():
                monkeypatch.setenv(name, value)
            run(capsys, mode, *same, "--llm-batching-mode", mode)
            calls.append(len(emulator.calls))
    asked = ("compare", "per_request", "serial_bundle")
    told = eng5_here(capsys, *asked, "--json", "--output", "told").succeeded().json
    # Each emulator has an address of its own.
    differs = [each["name"] for each in told["configuration_differs"]]
    assert set(differs) - {"judge_addresses.anthropic"} == {"llm_batching_mode"}
    assert told["verdicts"]["same_comparisons"] and told["verdicts"]["same_verdicts"]
    assert told["verdicts"]["same_winner"]["value"] == 1.0
    ranks = told["rank_agreement"]
    assert ranks["same_ranks"] and ranks["students"]["n"] == 8
    assert ranks["students"]["tau_b"]["value"] == pytest.approx(1.0)
    assert ranks["students"]["tau_b"]["interval"] is None  # of eight students there is none
    assert told["scores"]["mean_absolute_difference"] == pytest.approx(0.0, abs=1e-9)
    single, bundled = told["efforts"]
    assert single["calls"] == single["comparisons"] == bundled["comparisons"] > 0
    assert [single["calls"], bundled["calls"]] == calls
    for figure in ("calls", "input_tokens", "output_tokens", "usd"):
        assert 0 < bundled["per_comparison"][figure] < single["per_comparison"][figure]
    assert all(tally["agree"] for run_tallies in told["tallies"] for tally in run_tallies)
    assert [each["failed"] for each in told["failed_calls"]] == [0, 0]
    page = (folder / "told" / "comparison.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert not [each for each in ('src="', 'href="http', "url(", "@import") if each in page]
    assert json.loads((folder / "told" / "comparison.json").read_text(encoding="utf-8")) == told


def test_what_failed_is_told_by_provider_and_type(
    emulator: Emulator, essays, folder, capsys, monkeypatch
) -> None:
    """The validation plan of the source documents: error rates by provider and error_type."""
    monkeypatch.setenv("LLM_PROVIDER_SERVICE_QUEUE_RETRY_BASE_SECONDS", "0.02")
    same = [*essays, *JUDGE, "--llm-batching-mode", "per_request", "--max-comparisons", "12"]
    run(capsys, "well", *same)
    emulator.fail_next("overloaded", times=2)
    emulator.fail_next("bad_request")
    run(capsys, "badly", *same)
    told = eng5_here(capsys, "compare", "well", "badly", "--json").succeeded().json
    well, badly = told["failed_calls"]
    assert well["failed"] == 0
    assert {(e["provider"], e["error_type"]): e["failed"] for e in badly["by_type"]} == {
        ("anthropic", "overloaded"): 2,
        ("anthropic", "invalid_request"): 1,
    }
    assert badly["asked"]["anthropic"] == told["efforts"][1]["calls"]
    assert [each["comparisons_asked_again"] for each in told["efforts"]] == [0, 2]
    words = eng5_here(capsys, "compare", "well", "badly").succeeded().out
    assert "anthropic overloaded" in words and "chi-square" in words


def test_a_folder_from_another_database_is_read_as_it_was_written(essays, folder, capsys) -> None:
    """And the pairing that each mode has by default is named as a difference."""
    same = [*essays, *MOCK, "--max-comparisons", "20"]
    here = run(capsys, "here", *same, "--llm-batching-mode", "per_request")
    there = run(capsys, "there", *same, "--llm-batching-mode", "serial_bundle")
    moved = shutil.copytree(there, folder / "moved")
    Batch.objects.get(label="there").delete()
    told = eng5_here(capsys, "compare", here, moved, "--json").succeeded().json
    assert told["runs"][1]["label"] == "there"
    assert {each["name"]: each["values"] for each in told["configuration_differs"]} == {
        "llm_batching_mode": ["per_request", "serial_bundle"],
        "pairing_strategy": ["balanced", "blocks"],
    }
    document = read_run(moved)
    assert told["efforts"][1]["calls"] == len(document["calls"])
    del document["batch"]
    (moved / "run.json").write_text(json.dumps(document), encoding="utf-8")
    refused = eng5_here(capsys, "compare", here, moved)
    assert refused.code == 2 and "$.batch: missing" in refused.err
    (moved / "run.json").write_text(json.dumps(document)[:-9], encoding="utf-8")
    refused = eng5_here(capsys, "compare", here, moved)
    assert refused.code == 2 and "run.json cannot be read: it is cut off" in refused.err


def test_runs_that_cannot_be_compared_are_refused(essays, folder, capsys) -> None:
    run(capsys, "one", *essays, *MOCK, "--max-comparisons", "12")
    others = write_essays(folder / "others")
    write(folder / "others" / "students" / "student_03.txt", "Another text under this name.")
    run(capsys, "other", *others, *MOCK, "--max-comparisons", "12")
    refused = eng5_here(capsys, "compare", "one", "other")
    assert refused.code == 2 and "not of the same essays" in refused.err
    assert "student_03.txt" in refused.err and "student_02.txt" not in refused.err
    assert "Another text" not in refused.err
    waiting = batch(4).pk
    for second, words in ((waiting, "has not ended"), ("one", "same run"), (99999, "no batch")):
        refused = eng5_here(capsys, "compare", "one", second)
        assert refused.code == 2 and words in refused.err, refused
