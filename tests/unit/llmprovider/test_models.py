"""The registry of known models: what is refused before anything is stored, and what is not."""

from datetime import date
from typing import get_args

import pytest
from anthropic.resources.messages.messages import DEPRECATED_MODELS
from anthropic.types.model import Model
from openai.types.shared.chat_model import ChatModel

from llmprovider.contracts import Overrides
from llmprovider.contracts.known_models import KNOWN_MODELS, SHUT_DOWN
from llmprovider.contracts.models import (
    Api,
    answer_tokens,
    known_model,
    model_problem,
    most_comparisons,
    override_problem,
    refused_override,
)

TODAY = date(2026, 11, 21)
EVERY_MODEL = sorted(KNOWN_MODELS)
ANTHROPIC_NAMES = get_args(get_args(Model)[0])
OPENAI_NAMES = get_args(ChatModel)


def asked(provider, model, **changes):
    return Overrides(provider=provider, model=model, **changes)


@pytest.mark.parametrize(
    ("provider", "model", "family"),
    [
        ("anthropic", "claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("anthropic", "claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("openai", "gpt-5.4-mini-2026-03-17", "gpt-5.4-mini"),
        ("openai", "gpt-5.4", "gpt-5.4"),
    ],
)
def test_a_dated_snapshot_is_its_family(provider, model, family):
    known = known_model(provider, model)
    assert known is not None and known.model == family


def test_every_anthropic_model_of_the_sdk_is_known_or_shut_down():
    unknown = [
        name
        for name in ANTHROPIC_NAMES
        if known_model("anthropic", name) is None
        and model_problem("anthropic", name, TODAY) is None
    ]
    assert unknown == []


@pytest.mark.parametrize("name", sorted(DEPRECATED_MODELS))
def test_what_the_sdk_calls_retired_is_refused(name):
    """T33: from the day after the one that the SDK names, which may still lie ahead."""
    if name.startswith(("claude-1", "claude-instant")):
        return  # before the Messages API
    assert model_problem("anthropic", name, date(2026, 12, 1)) is not None


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("anthropic", "claude-3-opus-20240229"),
        ("anthropic", "claude-3-5-haiku-latest"),
        ("anthropic", "claude-mythos-preview"),
        ("openai", "gpt-4"),
        ("openai", "gpt-4o-2024-05-13"),
        ("openai", "o1-2024-12-17"),
        ("openai", "gpt-3.5-turbo"),
        ("openai", "gpt-5-chat-latest"),
    ],
)
def test_a_model_that_was_shut_down_is_refused_with_others_to_use(provider, model):
    """T33"""
    problem = model_problem(provider, model, TODAY)
    assert problem is not None and "shut" in problem and "Use one of" in problem


@pytest.mark.parametrize(
    "model",
    [
        "text-embedding-3-small",
        "gpt-audio-mini",
        "gpt-4o-audio-preview-2024-12-17",
        "gpt-image-2",
        "dall-e-3",
        "whisper-1",
        "tts-1",
        "gpt-realtime",
        "gpt-4o-search-preview",
        "o3-deep-research",
        "omni-moderation-latest",
        "gpt-3.5-turbo-instruct",
    ],
)
def test_a_model_that_writes_no_verdicts_is_refused(model):
    """T33"""
    assert model_problem("openai", model, TODAY) is not None


def test_a_model_of_the_other_vendor_is_refused_with_its_right_name():
    """T33"""
    problem = model_problem("openai", "claude-sonnet-5-5", TODAY)
    assert problem is not None and "anthropic:claude-sonnet-5-5" in problem


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-4o"),  # shut down in January 2027, not yet
        ("openai", "gpt-5-mini"),
        ("anthropic", "claude-sonnet-4-5"),
        ("openai", "gpt-9-not-yet-announced"),
        ("anthropic", "claude-opus-9"),
        ("openai_compatible", "gpt-4"),
        ("openai_compatible", "whisper-that-writes"),
        ("mock", "anything"),
    ],
)
def test_what_is_not_known_to_be_wrong_may_be_used(provider, model):
    assert model_problem(provider, model, TODAY) is None


def test_a_model_is_refused_from_the_day_after_its_last():
    """T33"""
    assert model_problem("openai", "gpt-4o", date(2027, 1, 14)) is None
    assert model_problem("openai", "gpt-4o", date(2027, 1, 15)) is not None


@pytest.mark.parametrize(("provider", "model"), EVERY_MODEL)
def test_what_is_said_of_a_model_holds_together(provider, model):
    known = KNOWN_MODELS[provider, model]
    assert 0 < known.max_output_tokens < known.context_window
    assert (provider, model) not in SHUT_DOWN
    if known.default_effort not in ("", "none"):
        assert known.default_effort in known.reasoning_efforts
    assert known.api is (
        Api.ANTHROPIC_MESSAGES if provider == "anthropic" else Api.OPENAI_RESPONSES
    )
    if provider == "openai":
        assert model in OPENAI_NAMES or model in ("gpt-5.5-pro", "gpt-5-pro")


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("model", [*ANTHROPIC_NAMES, "claude-opus-9"])
def test_no_anthropic_model_takes_a_temperature(model, temperature):
    """T33, T29, P-48: 0.0 is a temperature too."""
    refused = refused_override(asked("anthropic", model, temperature=temperature))
    assert refused is not None and refused[0] == "temperature" and "Leave it out" in refused[1]


REFUSED = [
    # A model that reasons takes no temperature.
    ("openai", "gpt-5-mini", {"temperature": 0.0}, "temperature"),
    ("openai", "o3", {"temperature": 0.0}, "temperature"),
    ("openai", "gpt-6-luna", {"temperature": 0.0}, "temperature"),
    ("openai", "gpt-5.4", {"temperature": 0.0, "reasoning_effort": "low"}, "temperature"),
    ("openai", "gpt-4.1", {"temperature": 0.0, "reasoning_effort": "low"}, "reasoning_effort"),
    # Efforts and verbosities that the model lacks.
    ("openai", "gpt-5.1", {"reasoning_effort": "minimal"}, "reasoning_effort"),
    ("openai", "gpt-5-mini", {"reasoning_effort": "none"}, "reasoning_effort"),
    ("openai", "gpt-5.4", {"reasoning_effort": "max"}, "reasoning_effort"),
    ("openai", "gpt-5-pro", {"reasoning_effort": "low"}, "reasoning_effort"),
    ("openai", "gpt-5.4", {"reasoning_effort": "LOW"}, "reasoning_effort"),
    ("openai", "gpt-4o-2024-08-06", {"reasoning_effort": "low"}, "reasoning_effort"),
    ("openai", "gpt-4o", {"output_verbosity": "low"}, "output_verbosity"),
    ("openai", "gpt-5.4", {"output_verbosity": "terse"}, "output_verbosity"),
    ("anthropic", "claude-haiku-4-5-20251001", {"reasoning_effort": "low"}, "reasoning_effort"),
    ("anthropic", "claude-opus-4-5", {"reasoning_effort": "max"}, "reasoning_effort"),
    ("anthropic", "claude-opus-4-6", {"reasoning_effort": "xhigh"}, "reasoning_effort"),
    ("anthropic", "claude-sonnet-5-5", {"reasoning_effort": "none"}, "reasoning_effort"),
    ("anthropic", "claude-sonnet-5-5", {"output_verbosity": "low"}, "output_verbosity"),
    ("anthropic", "claude-opus-9", {"output_verbosity": "low"}, "output_verbosity"),
    # More than the model can write.
    ("openai", "gpt-4o", {"max_tokens": 16_385}, "max_tokens"),
    ("anthropic", "claude-haiku-4-5", {"max_tokens": 64_001}, "max_tokens"),
    # The mock judge promises what temperature 0 asks, and has no other parameters.
    ("mock", "m", {"temperature": 0.5}, "temperature"),
    ("mock", "m", {"reasoning_effort": "low"}, "reasoning_effort"),
    ("mock", "m", {"output_verbosity": "low"}, "output_verbosity"),
]


@pytest.mark.parametrize(("provider", "model", "changes", "field"), REFUSED)
def test_a_parameter_that_the_model_lacks_is_refused(provider, model, changes, field):
    """T33: naming the parameter, the model and a remedy."""
    overrides = asked(provider, model, **changes)
    refused = refused_override(overrides)
    assert refused is not None and refused[0] == field
    assert f"{provider}:{model}" in refused[1]
    assert any(word in refused[1] for word in ("Leave it out", "Use one of", "Ask for fewer"))
    assert override_problem(overrides) == f"{field}: {refused[1]}"


@pytest.mark.parametrize(
    ("provider", "model", "changes"),
    [
        ("openai", "gpt-5.4", {"temperature": 0.0}),  # does not reason unasked
        ("openai", "gpt-6-luna", {"temperature": 0.0, "reasoning_effort": "none"}),
        ("openai", "gpt-4o", {"temperature": 2.0, "max_tokens": 16_384}),
        ("openai", "gpt-5-mini", {"reasoning_effort": "minimal", "output_verbosity": "low"}),
        ("openai", "gpt-9", {"temperature": 0.0, "reasoning_effort": "ultra"}),
        ("anthropic", "claude-sonnet-5-5", {"reasoning_effort": "max", "max_tokens": 128_000}),
        ("openai_compatible", "qwen", {"temperature": 0.0, "reasoning_effort": "low"}),
        ("mock", "m", {"temperature": 0.0, "max_tokens": 500}),
        ("anthropic", "claude-sonnet-5-5", {}),
    ],
)
def test_a_parameter_that_the_model_may_take_is_let_through(provider, model, changes):
    """P-48, T33: what is not known is for the vendor to judge."""
    assert override_problem(asked(provider, model, **changes)) is None


def room(provider, model, items, **changes):
    return answer_tokens(known_model(provider, model), asked(provider, model, **changes), items)


def test_the_limit_of_an_answer_grows_with_its_comparisons():
    """T29"""
    sizes = [room("openai", "gpt-4.1", items) for items in (1, 8, 64)]
    assert sizes == sorted(set(sizes))


def test_reasoning_gets_room_beside_the_answer():
    """T29: the more effort, the more room; none where the model does not reason."""
    efforts = [
        room("openai", "gpt-5.4", 8, reasoning_effort=effort)
        for effort in ("none", "low", "medium", "high", "xhigh")
    ]
    assert efforts == sorted(set(efforts))
    assert room("openai", "gpt-4.1", 8) == efforts[0] == room("openai", "gpt-5.4", 8)
    assert room("openai", "gpt-6-luna", 8) == room(
        "openai", "gpt-6-luna", 8, reasoning_effort="medium"
    )


@pytest.mark.parametrize(("provider", "model"), EVERY_MODEL)
@pytest.mark.parametrize("items", [1, 64])
def test_no_more_is_asked_for_than_the_model_can_write(provider, model, items):
    """T29"""
    known = KNOWN_MODELS[provider, model]
    for effort in (None, *known.reasoning_efforts):
        assert room(provider, model, items, reasoning_effort=effort) <= known.max_output_tokens


def test_the_callers_own_limit_is_sent_as_it_is():
    """T28"""
    assert room("openai", "gpt-5.4", 64, max_tokens=777) == 777


def test_a_bundle_is_no_larger_than_its_answer_may_be():
    """T29: else it would be cut off, paid for, and asked again."""

    def most(provider, model, **changes):
        overrides = asked(provider, model, **changes)
        return most_comparisons(known_model(provider, model), overrides, 64)

    assert most("openai", "gpt-4.1") == 64
    assert most("openai", "gpt-4o") < 64
    assert most("openai", "gpt-4.1", max_tokens=5_000) == 15
    assert most("openai", "gpt-4.1", max_tokens=10) == 1
    assert most("openai_compatible", "local") == 64
