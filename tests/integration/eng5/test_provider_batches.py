"""`--llm-batching-mode provider_batch_api`: what is asked for, stored, planned and done."""

from argparse import ArgumentParser
from pathlib import Path

import pytest

from assessment.eng5 import arguments
from assessment.eng5.inputs import read_inputs
from assessment.lifecycle.creating.specs import JudgeSpec
from assessment.models import Batch
from assessment.modes import LLMBatchingMode
from assessment.reports.schema import validate_run
from llmprovider.models import BatchJob, ProviderCall
from tests.integration.assessment.essays import batch
from tests.integration.eng5.conftest import MOCK
from tests.integration.eng5.folders import write_essays
from tests.integration.eng5.runner import eng5_here, read_run
from tests.integration.llmprovider.comparisons import set_queue
from tests.integration.spine import driving

BY_JOBS = ("--llm-batching-mode", "provider_batch_api")
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def without_jobs(monkeypatch) -> None:
    set_queue(monkeypatch, BATCH_API_MODE="disabled")


@pytest.fixture(autouse=True)
def _runs_go_to_the_tests_folder(settings, tmp_path: Path) -> None:
    """Where a batch without a folder of its own is written to."""
    settings.BASE_DIR = tmp_path


def test_mode_and_cap_are_stored_as_they_were_asked(tmp_path, capsys) -> None:
    """Source documents: max_comparisons_override 200 and llm_batching_mode_override, as sent."""
    essays = write_essays(tmp_path / "essays", students=22, anchors=2)
    asked = [*essays, *MOCK, *BY_JOBS, "--max-comparisons", "200", "--mock-slope", "0.5"]
    eng5_here(capsys, "execute", *asked, "--seed", "4", "--output", tmp_path / "run").succeeded()
    stored = Batch.objects.get()
    assert stored.run_record["asked"]["max_comparisons"] == 200
    assert stored.run_record["asked"]["llm_batching_mode"] == "provider_batch_api"
    assert stored.llm_batching_mode == LLMBatchingMode.PROVIDER_BATCH_API
    assert stored.total_budget == stored.submitted == stored.completed == 200
    (wave,) = stored.waves.all()
    assert (wave.number, wave.size, wave.round) == (1, 200, 1)
    job = BatchJob.objects.get()
    assert (job.requests, job.items, job.status) == (200, 200, "collected")
    # One comparison a request, which the provider knows by the comparison's correlation id.
    assert set(ProviderCall.objects.values_list("custom_id", flat=True)) == {
        str(pair.correlation_id) for pair in stored.pairs.all()
    }
    run = read_run(tmp_path / "run")
    validate_run(run)
    assert run["jobs"][0]["counts"]["succeeded"] == 200
    assert {row["metadata"]["cj_llm_batching_mode"] for row in run["comparisons"]} == {
        "provider_batch_api"
    }


def test_the_spec_holds_the_overrides_of_the_source_documents(essays) -> None:
    """The payload: what the command line becomes before anything is stored."""
    parser = ArgumentParser()
    arguments.add_input_options(parser)
    words = [*essays, *MOCK, *BY_JOBS, "--max-comparisons", "200", "--batch-fill", "bundles"]
    spec = read_inputs(parser.parse_args(list(map(str, words)))).spec
    payload = spec.model_dump(mode="json")
    assert payload["max_comparisons_override"] == 200
    overrides = payload["batch_config_overrides"]
    assert overrides["llm_batching_mode_override"] == "provider_batch_api"
    assert overrides["batch_fill"] == "bundles"


def test_it_ends_with_budget_left_and_scores_far_from_stable(essays, tmp_path, capsys) -> None:
    """Source documents: finalised at the denominator, with budget left and scores unstable; a
    single wave in the wave table. A coin-tossing judge, 945 comparisons unspent."""
    asked = [*essays, *MOCK, *BY_JOBS, "--mock-slope", "0.001", "--max-comparisons", "1000"]
    # With a seed the coin falls the same way every time.
    asked += ["--seed", "1", "--output", tmp_path / "run"]
    eng5_here(capsys, "execute", *asked).succeeded()
    run = read_run(tmp_path / "run")
    told = run["batch"]
    assert told["completed"] == told["completion_denominator"] == 55 < told["total_budget"]
    assert told["stop_reason"] == "coverage_complete" and told["waves"] == 1
    (wave,) = run["waves"]
    assert wave["max_score_change"] is None  # there is nothing it could be stable against
    assert run["measurement"]["reliability"] is None or run["measurement"]["reliability"] < 0.7


def test_bundles_fill_fewer_requests(essays, tmp_path, capsys) -> None:
    asked = [*essays, *MOCK, *BY_JOBS, "--batch-fill", "bundles", "--seed", "1"]
    plan = eng5_here(capsys, "plan", *asked, "--json").succeeded().json["plan"]
    eng5_here(capsys, "execute", *asked, "--output", tmp_path / "run").succeeded()
    (job,) = read_run(tmp_path / "run")["jobs"]
    assert (plan["batch_fill"], plan["max_jobs"]) == ("bundles", 1)
    assert job["requests"] == plan["max_provider_calls"] < job["comparisons"] == 55
    assert Batch.objects.get().batch_fill == "bundles"


def test_the_plan_shows_jobs_requests_fill_and_the_batch_price(essays, capsys, monkeypatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "dummy")
    asked = [*essays, "--judge", "anthropic:claude-haiku-4-5", *BY_JOBS]
    told = eng5_here(capsys, "plan", *asked).succeeded().out
    assert "1 job with 55 requests (one comparison each), all in one wave" in told
    assert "Warning" not in told
    plan = eng5_here(capsys, "plan", *asked, "--json").succeeded().json["plan"]
    assert (plan["max_jobs"], plan["max_provider_calls"], plan["max_waves"]) == (1, 55, 1)
    assert plan["cost_at_batch_price_usd"] == pytest.approx(plan["cost_likely_usd"] / 2)
    assert f"likely ${plan['cost_at_batch_price_usd']:.4f}, at most" in told
    ways = [(mode["llm_batching_mode"], mode["batch_fill"]) for mode in plan["modes"]]
    assert ways == [
        ("per_request", None),
        ("serial_bundle", None),
        ("provider_batch_api", "single"),
        ("provider_batch_api", "bundles"),
    ]


@pytest.mark.parametrize("stored", ["provider_batch_api", "per_request"])
def test_the_stored_mode_decides_whatever_the_settings_become(
    stored, tmp_path, capsys, monkeypatch
) -> None:
    """Source documents: the mode persisted on the batch, not the setting, is obeyed."""
    one = batch(8, max_comparisons_override=28, overrides={"llm_batching_mode_override": stored})
    other = {"provider_batch_api": "per_request", "per_request": "provider_batch_api"}[stored]
    driving.set_assessment(monkeypatch, LLM_BATCHING_MODE=other)
    eng5_here(capsys, "resume", one.pk, "--json").succeeded()
    one.refresh_from_db()
    assert one.llm_batching_mode == stored and one.completed == 28
    by_job = stored == "provider_batch_api"
    assert BatchJob.objects.count() == by_job
    assert (one.waves.count() == 1) == by_job


def test_a_model_of_ones_own_falls_back_visibly(essays, capsys, monkeypatch) -> None:
    """DESIGN, section 5: a server that speaks OpenAI's dialect has no batch jobs."""
    driving.set_assessment(
        monkeypatch, LLM_BATCH_API_ALLOWED_PROVIDERS='["openai", "openai_compatible"]'
    )
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", "http://localhost:1/v1")
    asked = [*essays, "--judge", "openai_compatible:local", *BY_JOBS]
    told = eng5_here(capsys, "plan", *asked, "--json").succeeded().json
    assert told["plan"]["llm_batching_mode"] == "serial_bundle" and told["plan"]["max_jobs"] == 0
    assert "openai_compatible has no batch jobs here" in str(told["warnings"])
    judge = JudgeSpec(provider="openai_compatible", model="local")
    stored = batch(8, judges=(judge,), overrides={"llm_batching_mode_override": BY_JOBS[1]})
    assert stored.llm_batching_mode == LLMBatchingMode.SERIAL_BUNDLE
    assert "has no batch jobs here" in str(stored.warnings)


def test_what_a_request_holds_is_no_matter_of_the_live_modes(essays, tmp_path, capsys) -> None:
    for command in (["plan"], ["execute", "--output", tmp_path / "run"]):
        refused = eng5_here(capsys, *command, *essays, *MOCK, "--batch-fill", "single")
        assert refused.code == 2
        assert "--batch-fill" in refused.err and "serial_bundle makes none" in refused.err
    assert not Batch.objects.exists()


def test_without_jobs_it_is_one_wave_through_the_live_queue(
    without_jobs, essays, tmp_path, capsys
) -> None:
    """BATCH_API_MODE=disabled: no job, live prices, and a warning that says so."""
    asked = [*essays, *MOCK, *BY_JOBS, "--json"]
    plan = eng5_here(capsys, "plan", *asked).succeeded().json
    assert plan["plan"]["max_jobs"] == 0 and plan["plan"]["batch_fill"] is None
    refused = eng5_here(capsys, "execute", *asked, "--detach", "--output", tmp_path / "run")
    assert refused.code == 2
    ended = eng5_here(capsys, "execute", *asked, "--output", tmp_path / "run").succeeded().json
    assert ended["batch"]["waves"] == 1 and ended["batch"]["completed"] == 55
    assert ended["jobs"] == [] and not BatchJob.objects.exists()
    warning = next(one for one in ended["warnings"] if one["code"] == "batching_mode")
    assert "BATCH_API_MODE=disabled" in warning["message"]
    assert warning in plan["warnings"]
