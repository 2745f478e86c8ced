"""Rate limits as an operator sets them."""

import json

import pytest
from pydantic import ValidationError

from llmprovider.conf import ProviderSettings
from llmprovider.providers.base import LimitKind
from llmprovider.providers.registry import PROVIDERS
from llmprovider.rate_limits import limits_of, name_doubts, name_problem


def table(monkeypatch: pytest.MonkeyPatch, **limits: dict[str, object]):
    named = {name.replace("__", ":"): entry for name, entry in limits.items()}
    monkeypatch.setenv("LLM_PROVIDER_SERVICE_RATE_LIMITS", json.dumps(named))
    return ProviderSettings().RATE_LIMITS


def test_a_models_own_entry_replaces_its_providers(monkeypatch):
    limits = table(
        monkeypatch,
        anthropic={"requests_per_minute": 50, "concurrency": 4},
        anthropic__large={"tokens_per_minute": 1_000},
        openai_compatible__qwen__8b={"concurrency": 1},
    )
    small = limits_of(limits, "anthropic", "small")
    large = limits_of(limits, "anthropic", "large")
    assert small.per_minute() == {LimitKind.REQUESTS: 50}
    assert (small.concurrency, large.concurrency) == (4, None)
    assert large.per_minute() == {LimitKind.TOKENS: 1_000}
    assert limits_of(limits, "openai_compatible", "qwen:8b").concurrency == 1
    assert limits_of(limits, "openai", "small") is None


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ({"request_per_minute": 5}, "request_per_minute"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
        ({"concurrency": "many"}, "concurrency"),
    ],
)
def test_a_bad_entry_stops_the_start_and_is_named(monkeypatch, entry, named):
    with pytest.raises(ValidationError, match=f"RATE_LIMITS.anthropic.{named}"):
        table(monkeypatch, anthropic=entry)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("antropic", "unknown provider 'antropic' in 'antropic'. Use one of: anthropic, mock"),
        ("claude-opus-5-5", "unknown provider 'claude-opus-5-5'"),
        ("OpenAI:gpt-6-sol", "unknown provider 'OpenAI'"),
        ("openai:", "'openai:' names no model"),
    ],
)
def test_a_name_that_fits_no_call_is_a_problem(name, problem):
    told = name_problem(["openai", name], PROVIDERS)
    assert told is not None and told.startswith(problem)


def test_names_of_providers_and_of_any_model_are_none():
    names = ["openai", "anthropic:a-model-of-tomorrow", "openai_compatible:qwen3:8b"]
    assert name_problem(names, PROVIDERS) is None


def test_a_model_that_nobody_knows_is_in_doubt():
    """It may be new; it may be misspelt."""
    names = ["anthropic:claude-haiku-45", "openai:gpt-6-sol", "openai_compatible:qwen3:8b"]
    snapshot = "anthropic:claude-haiku-4-5-20251001"
    (doubt,) = name_doubts([*names, snapshot, "openai"])
    assert "'claude-haiku-45'" in doubt and "did you mean anthropic:claude-haiku-4-5?" in doubt
    assert list(name_doubts(["openai:quite-another"])) == [
        "no model 'quite-another' of openai is known here"
    ]
