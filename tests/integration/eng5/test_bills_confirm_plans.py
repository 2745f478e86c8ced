"""What a run takes of a vendor is what `eng5 plan` said; the emulator counts and bills."""

from typing import Any

import pytest

from llmprovider.emulator import Emulator
from tests.emulators import running
from tests.integration.eng5.conftest import fresh_data_dir
from tests.integration.eng5.folders import SAMPLES
from tests.integration.eng5.runner import eng5, read_run

MODEL = "claude-haiku-4-5"
ESSAYS = (
    *("--students", SAMPLES / "students", "--task", SAMPLES / "task.md"),
    *("--rubric", SAMPLES / "rubric.md", "--judge", f"anthropic:{MODEL}", "--seed", "1"),
)
ALL_PAIRS = ("--max-comparisons", "276", "--llm-batching-mode", "provider_batch_api")
SINGLES = ("--max-comparisons", "24", "--llm-batching-mode", "per_request")
# A model that reasons, by its default effort.
REASONING = ("--judge", "anthropic:claude-haiku-5-5", *SINGLES[:1], "24", *SINGLES[2:])

# Calls are what is counted here, so the single wave goes through the live queue.
NO_JOBS = {"LLM_PROVIDER_SERVICE_BATCH_API_MODE": "disabled"}


def planned_and_run(
    migrated, root, options, essays=ESSAYS
) -> tuple[dict[str, Any], dict[str, Any], Emulator]:
    data = fresh_data_dir(migrated, root / "data")
    with running(profile="instant") as emulator:
        environment = {**emulator.environment, **NO_JOBS}
        plan = eng5(data, "plan", *essays, *options, "--json", **environment).succeeded().json
        assert not emulator.calls
        eng5(data, "execute", *essays, *options, "--output", root / "run", **environment)
        costs = eng5(data, "costs", "--json", **environment).succeeded().json
    run = read_run(root / "run")
    assert run["batch"]["status"] == "COMPLETED"
    # The call table, the batch and the vendor agree.
    for field in ("input_tokens", "output_tokens"):
        told = sum(getattr(call, field) for call in emulator.calls)
        assert told == run["cost"][field] == costs["total"][field]
    assert costs["total"]["usd"] == pytest.approx(run["cost"]["usd"], abs=1e-9)
    assert costs["total"]["comparisons"] == run["batch"]["completed"]
    return plan["plan"], run, emulator


@pytest.fixture(scope="module")
def all_pairs(migrated, tmp_path_factory):
    return planned_and_run(migrated, tmp_path_factory.mktemp("all_pairs"), ALL_PAIRS)


@pytest.fixture(scope="module")
def singles(migrated, tmp_path_factory):
    return planned_and_run(migrated, tmp_path_factory.mktemp("singles"), SINGLES)


@pytest.fixture(scope="module")
def reasoning(migrated, tmp_path_factory):
    at = ESSAYS.index("--judge")
    without = (*ESSAYS[:at], *ESSAYS[at + 2 :])
    root = tmp_path_factory.mktemp("reasoning")
    return planned_and_run(migrated, root, REASONING, without)


def per_comparison(run: dict[str, Any]) -> float:
    return run["cost"]["input_tokens"] / run["batch"]["completed"]


def test_all_pairs_of_24_essays_take_5_calls_and_a_quarter_of_the_tokens(
    all_pairs, singles
) -> None:
    """Issue 5: at most 0.25 of per_request, by plan and by the vendor's count."""
    plan, run, emulator = all_pairs
    assert run["batch"]["completed"] == 276
    assert len(emulator.calls) == plan["max_provider_calls"] == 5
    assert sorted(call.items for call in emulator.calls) == [20, 64, 64, 64, 64]
    assert plan["ratio_to_per_request"] <= 0.25
    assert per_comparison(run) / per_comparison(singles[1]) <= 0.25


@pytest.mark.parametrize("kind", ["all_pairs", "singles", "reasoning"])
def test_the_bill_is_what_was_planned(kind, request) -> None:
    plan, run, _ = request.getfixturevalue(kind)
    share = run["batch"]["submitted"] / plan["max_comparisons"]  # scores may settle early
    bill = run["cost"]["usd"]
    likely = plan["cost_with_prompt_cache_usd"] * share  # the built-in settings ask for the cache
    assert 0.7 * likely <= bill <= plan["cost_at_most_usd"] * share
    assert per_comparison(run) == pytest.approx(plan["input_tokens_per_comparison"], rel=0.2)
    assert run["cost"]["usd_per_comparison"] == pytest.approx(bill / run["batch"]["completed"])


def test_so_is_the_bill_of_a_model_that_reasons(reasoning) -> None:
    """Issue 5: a call of its own for each comparison, where most of the output is reasoning and
    the instructions are read from the vendor's cache."""
    plan, run, emulator = reasoning
    share = run["batch"]["submitted"] / plan["max_comparisons"]
    reasoned = sum(call.reasoning_tokens for call in emulator.calls)
    assert reasoned > run["cost"]["output_tokens"] / 2
    assert reasoned == pytest.approx(plan["reasoning_tokens"] * share, rel=0.15)
    assert run["cost"]["output_tokens"] == pytest.approx(plan["output_tokens"] * share, rel=0.15)
    assert sum(call.cache_read_tokens for call in emulator.calls) > 0
    assert plan["cost_with_prompt_cache_usd"] < 0.8 * plan["cost_likely_usd"]
    planned = plan["cost_with_prompt_cache_usd"] * share
    assert run["cost"]["usd"] == pytest.approx(planned, rel=0.15)
