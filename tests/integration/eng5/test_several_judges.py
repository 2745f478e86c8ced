"""Several judges share the pairs evenly; each call is to one of them."""

from collections import Counter

from tests.integration.eng5.conftest import MOCK
from tests.integration.eng5.runner import eng5, read_run


def test_two_judges_are_dealt_the_pairs_evenly(data_dir, essays, tmp_path) -> None:
    """The second judge is the one that an earlier run with its own slope has defined."""
    first = ["--mock-slope", "2", "--max-comparisons", "2"]
    eng5(data_dir, "execute", *essays, *MOCK, *first, "--output", tmp_path / "one").succeeded()
    (other,) = read_run(tmp_path / "one")["batch"]["judges"]
    judges = ["latent-quality", other["model"]]
    named = [word for model in judges for word in ("--judge", f"mock:{model}")]
    options = ["--llm-batching-mode", "per_request", "--max-comparisons", "36", "--seed", "1"]
    both = eng5(data_dir, "execute", *essays, *named, *options, "--output", tmp_path / "two")
    both.succeeded()
    run = read_run(tmp_path / "two")
    assert [judge["model"] for judge in run["batch"]["judges"]] == judges
    shares = Counter(row["model"] for row in run["comparisons"])
    assert shares == dict.fromkeys(judges, 18)
    per_wave = Counter((row["wave"], row["model"]) for row in run["comparisons"])
    for wave in run["waves"]:
        dealt = [per_wave[wave["number"], model] for model in judges]
        assert max(dealt) - min(dealt) <= 1
    assert Counter(call["model"] for call in run["calls"]) == shares
    assert {judge["model"] for judge in run["cost"]["by_judge"]} == set(judges)
