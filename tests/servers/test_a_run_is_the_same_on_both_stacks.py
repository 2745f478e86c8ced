"""One run on real essays: PostgreSQL, Redis and two workers against the embedded default."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import kendalltau

from tests.servers.conftest import MakeSite
from tests.servers.sites import Site, run_in

pytestmark = [pytest.mark.servers, pytest.mark.timeout(1800)]


@dataclass(frozen=True)
class Runs:
    """The documents of the same command line on both stacks."""

    on_servers: dict[str, Any]
    embedded: dict[str, Any]
    calls: int
    bundles: int


@pytest.fixture
def essays(shared: Path) -> Path:
    folder = shared / "data" / "essays"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    return folder


def command(essays: Path, output: Path) -> list[str | Path]:
    return [
        *("eng5", "execute", "--anchors", essays / "anchors", "--students", essays / "students"),
        *("--grade-scale", "1,1.5,2,2.5,3,3.5,4,4.5,5"),
        *("--provider", "mock", "--mock-truth", essays / "grades.csv"),
        *("--max-comparisons", "600", "--seed", "11", "--output", output),
    ]


@pytest.fixture
def runs(make_site: MakeSite, essays: Path, tmp_path: Path) -> Runs:
    with make_site() as site:
        site.start_workers("first", "second")
        site.start_beat()
        site.manage(*command(essays, tmp_path / "servers"), seconds=500)
        calls = site.value("SELECT count(*) FROM llmprovider_providercall")
        bundles = site.value("SELECT count(*) FROM llmprovider_bundle")
    with Site(tmp_path / "embedded-site") as site:
        site.manage(*command(essays, tmp_path / "embedded"), seconds=500)
    return Runs(run_in(tmp_path / "servers"), run_in(tmp_path / "embedded"), calls, bundles)


def test_both_stacks_give_one_run(runs: Runs, essays: Path) -> None:
    _the_pairs_and_verdicts_are_the_same(runs)
    _the_scores_and_grades_are_the_same(runs)
    _the_decisions_are_the_same(runs)
    _the_order_of_the_students_agrees_with_the_human_grades(runs, essays)
    _the_workers_made_one_call_per_bundle(runs)


def _the_pairs_and_verdicts_are_the_same(runs: Runs) -> None:
    def judged(document: dict[str, Any]) -> list[tuple[object, ...]]:
        return [
            tuple(row[key] for key in ("wave", "essay_a", "essay_b", "winner"))
            for row in document["comparisons"]
        ]

    assert judged(runs.on_servers) == judged(runs.embedded)
    assert 0 < len(runs.on_servers["comparisons"]) <= 600


def _the_scores_and_grades_are_the_same(runs: Runs) -> None:
    def scores(document: dict[str, Any]) -> dict[str, float]:
        return {row["essay"]: row["score"] for row in document["results"]}

    def grades(document: dict[str, Any]) -> dict[str, str]:
        return {row["essay"]: row["grade"] for row in document["results"]}

    assert scores(runs.on_servers) == pytest.approx(scores(runs.embedded), abs=1e-9)
    assert grades(runs.on_servers) == grades(runs.embedded)


def _the_decisions_are_the_same(runs: Runs) -> None:
    def waves(document: dict[str, Any]) -> list[tuple[object, ...]]:
        keys = ("number", "kind", "size", "decision")
        return [tuple(wave[key] for key in keys) for wave in document["waves"]]

    assert waves(runs.on_servers) == waves(runs.embedded)
    for key in ("status", "stop_reason", "submitted", "completed", "failed"):
        assert runs.on_servers["batch"][key] == runs.embedded["batch"][key]
    assert runs.on_servers["batch"]["status"] == "COMPLETED"


def _the_order_of_the_students_agrees_with_the_human_grades(runs: Runs, essays: Path) -> None:
    with (essays / "grades.csv").open(encoding="utf-8", newline="") as lines:
        grades = {row["file"]: float(row["grade"]) for row in csv.DictReader(lines)}
    students = [row for row in runs.on_servers["results"] if row["role"] == "student"]
    assert len(students) >= 24
    tau = kendalltau(
        [row["score"] for row in students], [grades[row["essay"]] for row in students]
    ).statistic
    assert tau >= 0.75


def _the_workers_made_one_call_per_bundle(runs: Runs) -> None:
    assert runs.calls == runs.bundles == runs.on_servers["cost"]["calls"] > 0
