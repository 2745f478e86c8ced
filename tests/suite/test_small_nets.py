"""The quickest scenario, and that its invariants can be seen to break; `make suite` plays all."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.suite.evidence import Evidence
from tests.suite.invariants import checks
from tests.suite.runs import Verdict, play
from tests.suite.scenarios import SCENARIOS

SMALL = SCENARIOS["small-net"]


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verdict]:
    yield play(SMALL, "embedded", tmp_path_factory.mktemp("suite") / "small-net")


def wrong(evidence: Evidence) -> set[str]:
    return {check.name for check in checks(SMALL, evidence) if not check.holds}


def test_four_essays_are_compared_pair_by_pair_and_everything_holds(verdict: Verdict) -> None:
    """Issue 8, item 6"""
    assert not verdict.wrong, f"{verdict.wrong}\n{verdict.told}"
    assert verdict.evidence.rows["submitted"] == 6


def test_what_is_wrong_is_seen(verdict: Verdict) -> None:
    good = verdict.evidence

    def with_rows(**changes: object) -> Evidence:
        return replace(good, rows={**good.rows, **changes})

    assert wrong(replace(good, exit_code=1, doctor=1)) == {"exit code", "cj_doctor"}
    for bad in (0, 65, None, "6", True):
        assert wrong(replace(good, hints=(*good.hints, bad))) == {"preferred_bundle_size"}
    assert "completed: counter and pairs" in wrong(with_rows(completed=5))
    assert "callbacks: metric" in wrong(with_rows(delivered=7, recorded=7))
    assert wrong(with_rows(**{"called later": 1})) == {"after completion: called later"}
    assert "batch jobs in a live mode" in wrong(with_rows(jobs=1))
    silent = wrong(replace(good, samples={}))
    assert {"callbacks: metric", "metric cj_llm_requests"} <= silent
    batch_mode = replace(SMALL, mode="provider_batch_api")
    two_waves = with_rows(mode="provider_batch_api", waves=2)
    names = {check.name for check in checks(batch_mode, two_waves) if not check.holds}
    assert {"waves in batch mode", "batch jobs", "metric callbacks: modes"} <= names


@pytest.mark.servers
def test_a_run_by_batch_jobs_holds_on_servers(tmp_path: Path) -> None:
    verdict = play(SCENARIOS["batch-api"], "servers", tmp_path / "batch-api")
    assert not verdict.wrong, f"{verdict.wrong}\n{verdict.told}"
