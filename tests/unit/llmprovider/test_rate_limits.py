"""Rate limits as an operator sets them."""

import json

import pytest
from pydantic import ValidationError

from llmprovider.conf import ProviderSettings
from llmprovider.providers.base import LimitKind
from llmprovider.rate_limits import limits_of


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
