"""A seed fixes the pairs, and with the mock judge the result; another seed gives another run."""

import pytest

from tests.integration.eng5.conftest import MOCK, fresh_data_dir
from tests.integration.eng5.folders import write_essays
from tests.integration.eng5.runner import judgements, read_run, scores, start

NOISY = (*MOCK, "--mock-slope", "1")


@pytest.fixture(scope="module")
def runs(migrated, tmp_path_factory):
    """Twice seed 5, once seed 6, each on a database of its own; two at a time."""
    root = tmp_path_factory.mktemp("seeds")
    essays = write_essays(root / "essays")
    documents = []
    for seeds in ((5, 5), (6,)):
        started = []
        for seed in seeds:
            name = f"{len(documents)}-{len(started)}"
            options = ["--max-comparisons", "36", "--seed", seed, "--output", root / name]
            data = fresh_data_dir(migrated, root / f"data-{name}")
            started.append((start(data, "execute", *essays, *NOISY, *options), root / name))
        for running, output in started:
            running.finish().succeeded()
            documents.append(read_run(output))
    return documents


def test_the_same_seed_gives_the_same_pairs_winners_and_scores(runs) -> None:
    one, two, _ = runs
    assert judgements(one) == judgements(two)
    assert scores(one) == scores(two)
    assert one["run"]["id"] != two["run"]["id"]


def test_another_seed_gives_other_pairs(runs) -> None:
    one, _, other = runs
    pairs = [{(a, b) for _, a, b, _ in judgements(run)} for run in (one, other)]
    assert pairs[0] != pairs[1]


def test_a_seed_that_was_drawn_is_stored_and_gives_the_same_run(data_dir, essays, tmp_path) -> None:
    options = [*NOISY, "--max-comparisons", "24"]
    start(data_dir, "execute", *essays, *options, "--output", tmp_path / "a").finish().succeeded()
    drawn = read_run(tmp_path / "a")
    again = ["--seed", drawn["settings"]["seed"], "--output", tmp_path / "b"]
    start(data_dir, "execute", *essays, *options, *again).finish().succeeded()
    repeated = read_run(tmp_path / "b")
    assert judgements(repeated) == judgements(drawn)
    assert scores(repeated) == scores(drawn)
