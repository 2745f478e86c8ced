"""A seed fixes the pairs, and with the mock judge the result; another seed gives another run."""

from pathlib import Path
from typing import Any

import pytest

from tests.integration.eng5.conftest import MOCK, fresh_data_dir
from tests.integration.eng5.folders import write_essays
from tests.integration.eng5.runner import Running, judgements, read_run, scores, start


@pytest.fixture(scope="module")
def runs(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Seed 5, no seed, then the seed that was drawn; each on a database of its own."""
    root = tmp_path_factory.mktemp("seeds")
    essays = write_essays(root / "essays")

    def begin(name: str, *seed: object) -> Running:
        options = [*MOCK, "--mock-slope", "1", "--max-comparisons", "24", *seed]
        data = fresh_data_dir(migrated, root / f"data-{name}")
        return start(data, "execute", *essays, *options, "--output", root / name)

    for running in [begin("named", "--seed", 5), begin("drawn")]:
        running.finish().succeeded()
    drawn = read_run(root / "drawn")
    begin("repeated", "--seed", drawn["settings"]["seed"]).finish().succeeded()
    return [read_run(root / "named"), drawn, read_run(root / "repeated")]


def test_the_same_seed_gives_the_same_pairs_winners_and_scores(runs) -> None:
    """The seed of a run that named none is on record, and gives the same run again."""
    _, drawn, repeated = runs
    assert judgements(repeated) == judgements(drawn)
    assert scores(repeated) == scores(drawn)
    assert repeated["run"]["id"] != drawn["run"]["id"]


def test_another_seed_gives_other_pairs(runs) -> None:
    named, drawn, _ = runs
    pairs = [{(first, second) for _, first, second, _ in judgements(run)} for run in (named, drawn)]
    assert pairs[0] != pairs[1]
