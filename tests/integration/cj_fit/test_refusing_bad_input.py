"""Bad input ends `cj_fit` with exit code 2 and a message that says where and what to do."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.cj_fit.fitted import refused, written
from tests.unit.measurement.decisions import round_robin

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def decisions(tmp_path: Path) -> Path:
    return written(tmp_path / "decisions.csv", round_robin(5, 1.5, seed=3))


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("--anchors", "item,grade\nnobody,A\n", 'row 2, column item: "nobody" is in none'),
        ("--anchors", "item,grade\ne00,Q\n", 'row 2, column grade: "Q" is not a grade'),
        ("--anchors", "item,grade\ne00,A\ne00,B\n", "row 3, column item: has been named"),
        ("--anchors", "item,mark\ne00,A\n", 'row 1: has no column "grade"'),
        ("--anchors", "item,grade\n", "has no row below"),
        ("--fix", "item,score\ne00,high\n", 'row 2, column score: "high" is not a score'),
        ("--fix", "item,score\nnobody,1\n", "row 2, column item"),
    ],
)
def test_it_names_the_place_in_a_file_beside_the_decisions(
    tmp_path: Path, decisions: Path, option: str, text: str, words: str
) -> None:
    path = tmp_path / "known.csv"
    path.write_text(text)
    message = refused(decisions, option, path)
    assert str(path) in message
    assert words in message


def test_it_names_the_place_in_the_decisions(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("essay_a,essay_b,winner\nx,y,x\nx,x,x\n")
    message = refused(path)
    assert f'{path}, row 3, column essay_b: "x" is compared with itself' in message


def test_it_refuses_files_that_are_not_there(tmp_path: Path, decisions: Path) -> None:
    assert "cannot be opened" in refused(tmp_path / "none.csv")
    assert "cannot be opened" in refused(tmp_path)
    assert "cannot be opened" in refused(decisions, "--anchors", tmp_path / "none.csv")


def test_it_refuses_options_that_mean_nothing(tmp_path: Path, decisions: Path) -> None:
    assert "unknown grade scale" in refused(decisions, "--grade-scale", "letters")
    assert "The judges are: judge 0." in refused(decisions, "--exclude-judge", "ann")
    assert "leaves no decision" in refused(decisions, "--exclude-judge", "judge 0")
    assert "is in no folder" in refused(decisions, "--plot", tmp_path / "none" / "p.svg")
    assert "cannot be written" in refused(decisions, "--plot", tmp_path)


def test_the_shell_sees_exit_code_2_and_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("")
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "cj_fit", str(path)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{path}: is empty. Give a csv file" in done.stderr
    assert "Traceback" not in done.stderr
