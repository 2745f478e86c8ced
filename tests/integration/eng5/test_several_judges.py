"""Several judges share the pairs evenly; each call is to one of them."""

from collections import Counter

from llmprovider.contracts.judging import define_mock_judge
from tests.integration.eng5.runner import eng5_here, read_run


def test_two_judges_are_dealt_the_pairs_evenly(transactional_db, essays, tmp_path, capsys) -> None:
    """A simulated judge that the database knows already is named by its model."""
    models = ["latent-quality", define_mock_judge(slope=2.0)]
    named = [word for model in models for word in ("--judge", f"mock:{model}")]
    options = ["--llm-batching-mode", "per_request", "--max-comparisons", "24", "--seed", "1"]
    output = tmp_path / "run"
    eng5_here(capsys, "execute", *essays, *named, *options, "--output", output).succeeded()
    run = read_run(output)
    assert [judge["model"] for judge in run["batch"]["judges"]] == models
    shares = Counter(row["model"] for row in run["comparisons"])
    assert shares == dict.fromkeys(models, 12)
    per_wave = Counter((row["wave"], row["model"]) for row in run["comparisons"])
    for wave in run["waves"]:
        dealt = [per_wave[wave["number"], model] for model in models]
        assert max(dealt) - min(dealt) <= 1
    assert Counter(call["model"] for call in run["calls"]) == shares
    assert {judge["model"] for judge in run["cost"]["by_judge"]} == set(models)


def test_a_bundle_holds_the_comparisons_of_one_judge(
    transactional_db, essays, tmp_path, capsys
) -> None:
    models = ["latent-quality", define_mock_judge(slope=2.0)]
    named = [word for model in models for word in ("--judge", f"mock:{model}")]
    options = ["--max-comparisons", "40", "--seed", "1", "--output", tmp_path / "run"]
    eng5_here(capsys, "execute", *essays, *named, *options).succeeded()
    run = read_run(tmp_path / "run")
    judges_of_call = {}
    for row in run["comparisons"]:
        judges_of_call.setdefault(row["metadata"]["bundle_id"], set()).add(row["model"])
    assert len(judges_of_call) == len(run["calls"])
    assert all(len(models) == 1 for models in judges_of_call.values())
