"""`eng5 plan` says what a run takes at most, and stores nothing to find it out."""

import pytest

from assessment.models import Batch
from tests.integration.eng5.conftest import MOCK, SAMPLE_OPTIONS
from tests.integration.eng5.runner import DATABASE, eng5, eng5_here, read_run


@pytest.fixture(scope="module")
def sample_plan(tmp_path_factory):
    data = tmp_path_factory.mktemp("plan") / "data"
    ended = eng5(data, "plan", *SAMPLE_OPTIONS, "--json").succeeded()
    assert not (data / DATABASE).exists(), "planning made a database"
    return ended.json


def test_it_plans_without_a_database_and_prints_one_json_document(sample_plan) -> None:
    plan = sample_plan["plan"]
    assert (plan["students"], plan["anchors"]) == (24, 9)
    assert plan["possible_pairs"] == 33 * 32 // 2
    assert plan["max_comparisons"] == plan["total_budget"] == 200
    assert plan["llm_batching_mode"] == "serial_bundle"
    assert sample_plan["warnings"] == []


def test_a_bundled_run_stays_within_its_plan(sample_plan, sample_run) -> None:
    assert_within(sample_plan["plan"], sample_run.document)


def assert_within(plan, run) -> None:
    batch, cost = run["batch"], run["cost"]
    assert batch["submitted"] <= plan["max_comparisons"]
    assert batch["waves"] <= plan["max_waves"]
    assert cost["calls"] <= plan["max_provider_calls"]
    assert 0 < cost["input_tokens"] <= plan["most_input_tokens"]
    assert 0 < cost["output_tokens"] <= plan["most_output_tokens"]
    assert cost["usd"] <= plan["cost_at_most_usd"]
    assert run["waves"][0]["size"] == plan["first_wave"]


def test_a_run_with_a_call_for_each_comparison_stays_within_its_plan(
    transactional_db, essays, tmp_path, capsys
) -> None:
    options = [*essays, *MOCK, "--llm-batching-mode", "per_request", "--max-comparisons", "30"]
    plan = eng5_here(capsys, "plan", *options, "--json").succeeded().json["plan"]
    assert not Batch.objects.exists()
    eng5_here(capsys, "execute", *options, "--output", tmp_path / "run").succeeded()
    run = read_run(tmp_path / "run")
    assert plan["max_comparisons"] == plan["max_provider_calls"] == 30
    assert run["cost"]["calls"] == run["batch"]["submitted"]
    assert_within(plan, run)


def test_it_says_the_same_to_people(transactional_db, essays, capsys) -> None:
    ended = eng5_here(capsys, "plan", *essays, *MOCK, "--max-comparisons", "20").succeeded()
    for words in ("8 students, 3 anchors", "55", "at most 20", "serial_bundle", "$0.0000"):
        assert words in ended.out
    assert ended.err == ""


def test_an_alias_of_a_mode_is_planned_as_that_mode(transactional_db, essays, capsys) -> None:
    options = [*essays, *MOCK, "--llm-batching-mode", "provider_serial_bundle", "--json"]
    planned = eng5_here(capsys, "plan", *options).succeeded().json
    assert planned["plan"]["llm_batching_mode"] == "serial_bundle"
    assert planned["warnings"] == []
