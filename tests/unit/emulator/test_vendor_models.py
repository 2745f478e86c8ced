"""The emulator's view of the models against the registry's: two readings of the same pages."""

import pytest

from llmprovider.contracts.known_models import KNOWN_MODELS
from llmprovider.emulator.vendor_models import (
    ANTHROPIC_NAMES,
    LOCAL_MODEL,
    RESPONSES_NAMES,
    anthropic_model,
    openai_model,
)


@pytest.mark.parametrize(
    "known", KNOWN_MODELS.values(), ids=[f"{known.model}" for known in KNOWN_MODELS.values()]
)
def test_emulator_and_registry_agree(known):
    if known.provider == "anthropic":
        model = anthropic_model(known.model)
    else:
        model = openai_model(known.model, chat=False)
    assert model is not None
    assert model.max_output_tokens == known.max_output_tokens
    assert model.context_window == known.context_window
    assert model.efforts == known.reasoning_efforts
    assert model.default_effort == (known.default_effort or "none")
    assert model.min_cacheable_tokens == known.min_cacheable_tokens
    assert model.bills_cache_writes == known.bills_cache_writes
    assert model.temperature == known.temperature
    assert model.verbosity == bool(known.verbosities)


def test_every_name_of_the_sdks_can_be_asked_for():
    assert len(ANTHROPIC_NAMES) > 15 and len(RESPONSES_NAMES) > 80
    assert all(anthropic_model(name) for name in ANTHROPIC_NAMES)
    assert all(openai_model(name, chat=False) for name in RESPONSES_NAMES)


def test_other_names_are_unknown():
    assert anthropic_model("claude-99") is None
    assert openai_model("gpt-99", chat=True) is None
    assert openai_model(LOCAL_MODEL, chat=False) is None
    assert openai_model("gpt-5-codex", chat=True) is None
