"""A run that nobody disturbs makes each of its calls once."""

from tests.integration.eng5.conftest import SAMPLE_OPTIONS
from tests.integration.eng5.runner import count, eng5, read_run


def test_the_start_takes_nothing_from_its_own_worker(data_dir, tmp_path) -> None:
    """The first calls are under way within moments; taking over the dead must not hit them."""
    options = ["--max-comparisons", "80", "--llm-batching-mode", "per_request"]
    done = eng5(data_dir, "execute", *SAMPLE_OPTIONS, *options, "--output", tmp_path / "run")
    done.succeeded()
    run = read_run(tmp_path / "run")
    assert run["cost"]["calls"] == run["batch"]["submitted"] == len(run["comparisons"])
    assert count(data_dir, "llmprovider_queueitem WHERE claims > 1") == 0
    assert "freed" not in done.err
