"""A migrated data folder to start from, essays, and one run on the samples for many tests."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.eng5.folders import SAMPLES, write_essays
from tests.integration.eng5.runner import DATABASE, Finished, eng5, read_run

MOCK = ("--provider", "mock")
SAMPLE_OPTIONS = (
    *("--students", SAMPLES / "students", "--anchors", SAMPLES / "anchors"),
    *("--grades", SAMPLES / "grades.csv", "--task", SAMPLES / "task.md"),
    *("--rubric", SAMPLES / "rubric.md", *MOCK, "--mock-truth", SAMPLES / "grades.csv"),
    *("--mock-slope", "2", "--max-comparisons", "200", "--seed", "1"),
)


@pytest.fixture(autouse=True)
def _keep_the_log_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in the tests' process, the command would turn the log down for the tests after it."""
    monkeypatch.setenv("LOG_LEVEL", "INFO")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose database has its tables: `status` makes them."""
    folder = tmp_path_factory.mktemp("migrated")
    eng5(folder, "status").succeeded()
    return folder


@pytest.fixture
def data_dir(migrated: Path, tmp_path: Path) -> Path:
    """An empty database of the test's own, without the wait for its tables."""
    return fresh_data_dir(migrated, tmp_path / "data")


def fresh_data_dir(migrated: Path, folder: Path) -> Path:
    folder.mkdir(parents=True)
    shutil.copy(migrated / DATABASE, folder / DATABASE)
    return folder


@pytest.fixture
def essays(tmp_path: Path) -> list[object]:
    """Options naming eight students' essays and three anchors."""
    return write_essays(tmp_path / "essays")


@dataclass(frozen=True)
class SampleRun:
    """`eng5 execute --json` on the samples, from an empty folder."""

    data_dir: Path
    output: Path
    finished: Finished

    @property
    def document(self) -> dict[str, Any]:
        return read_run(self.output)


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> SampleRun:
    root = tmp_path_factory.mktemp("samples")
    data, output = root / "data", root / "run"
    finished = eng5(
        data, "execute", *SAMPLE_OPTIONS, "--label", "samples", "--output", output, "--json"
    )
    return SampleRun(data, output, finished.succeeded())


@dataclass(frozen=True)
class LongRun:
    """A run long enough to be disturbed on the way: a call for each of its 60 comparisons."""

    options: tuple[object, ...]
    undisturbed: dict[str, Any]


@pytest.fixture(scope="session")
def long_run(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> LongRun:
    root = tmp_path_factory.mktemp("undisturbed")
    options = (
        *write_essays(root / "essays", students=10, anchors=2),
        *(*MOCK, "--mock-slope", "1", "--llm-batching-mode", "per_request"),
        *("--max-comparisons", "60", "--seed", "3"),
    )
    data = fresh_data_dir(migrated, root / "data")
    eng5(data, "execute", *options, "--output", root / "run").succeeded()
    return LongRun(options, read_run(root / "run"))
