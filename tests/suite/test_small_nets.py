"""The quickest scenario on each stack; `make suite` plays all of them."""

from pathlib import Path

import pytest

from tests.suite.runs import play
from tests.suite.scenarios import SCENARIOS


def test_four_essays_are_compared_pair_by_pair_and_everything_holds(tmp_path: Path) -> None:
    """Issue 8, item 6"""
    verdict = play(SCENARIOS["small-net"], "embedded", tmp_path / "small-net")
    assert not verdict.wrong, f"{verdict.wrong}\n{verdict.told}"
    assert verdict.evidence.rows["submitted"] == 6


@pytest.mark.servers
def test_a_run_by_batch_jobs_holds_on_servers(tmp_path: Path) -> None:
    verdict = play(SCENARIOS["batch-api"], "servers", tmp_path / "batch-api")
    assert not verdict.wrong, f"{verdict.wrong}\n{verdict.told}"
