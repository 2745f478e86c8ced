"""Which batching mode is in force, and who says so."""

import pytest
from pydantic import ValidationError

from assessment.lifecycle.creating.specs import BatchConfigOverrides
from assessment.modes import QUEUE_MODES, LLMBatchingMode, ResolvedMode, resolve_mode

PER_REQUEST, SERIAL, BATCH_API = LLMBatchingMode
ALLOWED = ["openai", "anthropic"]


def served(provider: str, model: str) -> None:
    """Every model can be judged by in a batch job."""


def resolve(override, default, providers, allowed, batch_problem=served):
    judges = [(provider, f"{provider}-model") for provider in providers]
    return resolve_mode(override, default, judges, allowed, batch_problem)


@pytest.mark.parametrize("default", LLMBatchingMode)
@pytest.mark.parametrize("override", [None, *LLMBatchingMode])
def test_the_override_wins_over_the_setting(override, default):
    resolved = resolve(override, default, ["openai"], ALLOWED)
    assert resolved.mode is (override or default)
    assert "not allowed" not in (resolved.warning or "")


def test_a_live_mode_needs_no_warning():
    assert resolve(PER_REQUEST, SERIAL, ["google"], ALLOWED).warning is None
    assert resolve(None, SERIAL, ["google"], ALLOWED).warning is None


def test_a_batch_that_gets_what_it_asked_for_needs_no_warning():
    assert resolve(BATCH_API, SERIAL, ["openai", "anthropic"], ALLOWED) == ResolvedMode(BATCH_API)


def test_a_model_without_batch_support_falls_back_with_a_warning():
    """One such judge is enough; the warning names it and what it costs."""

    def problem(provider, model):
        return f"{provider} does not serve {model} in batch jobs" if provider == "openai" else None

    resolved = resolve(BATCH_API, SERIAL, ["anthropic", "openai"], ALLOWED, problem)
    assert resolved.mode is SERIAL
    assert "openai does not serve openai-model" in resolved.warning
    assert "live prices" in resolved.warning and "anthropic" not in resolved.warning
    assert resolve(PER_REQUEST, SERIAL, ["openai"], ALLOWED, problem).warning is None


def test_the_older_name_is_the_same_mode():
    assert LLMBatchingMode("provider_serial_bundle") is SERIAL
    overrides = BatchConfigOverrides(llm_batching_mode_override="provider_serial_bundle")
    assert overrides.llm_batching_mode_override is SERIAL


@pytest.mark.parametrize("name", ["", "bundle", "PER_REQUEST", 3])
def test_an_unknown_mode_is_refused(name):
    with pytest.raises(ValueError):
        LLMBatchingMode(name)


def test_a_refusal_names_the_modes_there_are():
    with pytest.raises(ValidationError, match="per_request, serial_bundle, provider_batch_api"):
        BatchConfigOverrides(llm_batching_mode_override="fast")


@pytest.mark.parametrize("default", [SERIAL, BATCH_API])
def test_a_provider_outside_the_list_falls_back_with_a_warning(default):
    override = None if default is BATCH_API else BATCH_API
    resolved = resolve(override, default, ["google"], ALLOWED)
    assert resolved.mode is SERIAL
    assert "google" in resolved.warning and "serial_bundle" in resolved.warning


def test_one_judge_outside_the_list_is_enough():
    resolved = resolve(BATCH_API, SERIAL, ["openai", "google", "google"], ALLOWED)
    assert resolved.mode is SERIAL
    assert resolved.warning.count("google") == 1 and "openai" not in resolved.warning


@pytest.mark.parametrize("allowed", [ALLOWED, []])
def test_the_mock_always_passes(allowed):
    assert resolve(BATCH_API, SERIAL, ["mock"], allowed).mode is BATCH_API


def test_the_list_bears_on_the_batch_api_alone():
    assert resolve(PER_REQUEST, SERIAL, ["google"], []) == resolve(
        None, PER_REQUEST, ["openai"], ALLOWED
    )


def test_every_mode_has_one_of_the_queue():
    assert {mode.value: QUEUE_MODES[mode].value for mode in LLMBatchingMode} == {
        "per_request": "per_request",
        "serial_bundle": "serial_bundle",
        "provider_batch_api": "batch_api",
    }
