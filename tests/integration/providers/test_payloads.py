"""What leaves for each vendor, as the real SDKs write it."""

import json

import pytest

from llmprovider.prompting.prompts import ANSWER_SCHEMA
from llmprovider.providers.registry import provider_for
from tests.integration.providers.wires import WELL, answering, asking, lay

PROVIDERS = sorted(WELL)
LONG = "Judge well. " * 2_000


def sent(monkeypatch, provider, **changes):
    wire = lay(monkeypatch, answering(WELL[provider]()))
    provider_for(provider).call(asking(provider, **changes))
    return wire.body


def test_anthropic_is_sent_these_fields_and_no_others(monkeypatch):
    """T28, P-69, FACTS 0.1: no sampling parameter, no metadata, the answer's form as a schema."""
    assert sent(monkeypatch, "anthropic", reasoning_effort="low") == {
        "model": "claude-sonnet-5-5",
        "max_tokens": 900,
        "system": [{"type": "text", "text": "You judge."}],
        "messages": [{"role": "user", "content": "Essay one. Essay two."}],
        "output_config": {
            "format": {"type": "json_schema", "schema": ANSWER_SCHEMA},
            "effort": "low",
        },
    }


def test_openai_is_sent_these_fields_and_no_others(monkeypatch):
    """T28, P-48: a temperature of 0.0 is sent; nothing is stored at the vendor."""
    body = sent(
        monkeypatch,
        "openai",
        reasoning_effort="none",
        output_verbosity="low",
        temperature=0.0,
    )
    assert len(body.pop("prompt_cache_key")) == 32
    assert body == {
        "model": "gpt-5.4",
        "instructions": "You judge.",
        "input": "Essay one. Essay two.",
        "max_output_tokens": 900,
        "temperature": 0.0,
        "reasoning": {"effort": "none"},
        "text": {
            "format": {
                "type": "json_schema",
                "name": "comparison_verdicts",
                "schema": ANSWER_SCHEMA,
                "strict": True,
            },
            "verbosity": "low",
        },
        "store": False,
    }


def test_a_compatible_server_is_sent_these_fields_and_no_others(monkeypatch):
    """T28, P-48"""
    body = sent(
        monkeypatch,
        "openai_compatible",
        reasoning_effort="low",
        output_verbosity="high",
        temperature=0.0,
    )
    assert body == {
        "model": "local-judge",
        "messages": [
            {"role": "system", "content": "You judge."},
            {"role": "user", "content": "Essay one. Essay two."},
        ],
        "max_tokens": 900,
        "temperature": 0.0,
        "reasoning_effort": "low",
        "verbosity": "high",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "comparison_verdicts", "schema": ANSWER_SCHEMA, "strict": True},
        },
    }


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_not_asked_for_is_left_to_the_model(monkeypatch, provider):
    """P-49"""
    body = json.dumps(sent(monkeypatch, provider))
    for name in ("temperature", "effort", "verbosity", "thinking", "tool_choice", "metadata"):
        assert name not in body


@pytest.mark.parametrize("provider", PROVIDERS)
def test_occasions_never_leave(monkeypatch, provider):
    """P-44"""
    assert "secret-occasion" not in json.dumps(sent(monkeypatch, provider))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_large_answer_is_asked_for_in_one_piece(monkeypatch, provider):
    """FACTS 2.1: with its default timeout the SDK demands streaming above 21,333 tokens."""
    body = sent(monkeypatch, provider, max_tokens=100_000)
    assert 100_000 in body.values()


@pytest.mark.parametrize("ttl", ["5m", "1h"])
def test_the_only_breakpoint_is_at_the_end_of_the_instructions(monkeypatch, ttl):
    """T30"""
    body = sent(monkeypatch, "anthropic", system=LONG, cache_ttl=ttl)
    assert body["system"][0]["cache_control"] == {"type": "ephemeral", "ttl": ttl}
    assert json.dumps(body).count("cache_control") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"system": LONG},  # not asked for
        {"system": "Too short to be kept.", "cache_ttl": "5m"},
    ],
)
def test_no_breakpoint_where_it_would_do_nothing(monkeypatch, changes):
    """T30"""
    assert "cache_control" not in json.dumps(sent(monkeypatch, "anthropic", **changes))


def test_a_model_that_bills_cache_writes_keeps_the_instructions_only(monkeypatch):
    """T30: by itself it would write every call's essays to its cache, and bill that."""
    body = sent(monkeypatch, "openai", model="gpt-6-luna", system=LONG, cache_ttl="5m")
    assert body["prompt_cache_options"] == {"mode": "explicit"}
    system, user = body["input"]
    assert system["role"] == "developer"
    assert system["content"][0]["text"] == LONG
    assert system["content"][0]["prompt_cache_breakpoint"] == {"mode": "explicit"}
    assert user["content"] == [{"type": "input_text", "text": "Essay one. Essay two."}]


def test_a_model_that_bills_cache_writes_keeps_nothing_unasked(monkeypatch):
    """T30"""
    body = sent(monkeypatch, "openai", model="gpt-6-luna", system=LONG)
    assert body["prompt_cache_options"] == {"mode": "explicit"}
    assert "prompt_cache_breakpoint" not in json.dumps(body)


def test_calls_with_the_same_instructions_share_a_cache_key(monkeypatch):
    """And others do not."""
    keys = [
        sent(monkeypatch, "openai", system=system, user=user)["prompt_cache_key"]
        for system, user in (("A", "one"), ("A", "two"), ("B", "one"))
    ]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    ("provider", "variable", "address"),
    [
        ("anthropic", "ANTHROPIC_BASE_URL", "http://proxy.test"),
        ("openai", "OPENAI_BASE_URL", "http://proxy.test/v1"),
        ("openai_compatible", "OPENAI_COMPATIBLE_BASE_URL", "http://proxy.test/v1"),
    ],
)
def test_the_address_comes_from_the_environment(monkeypatch, provider, variable, address):
    wire = lay(monkeypatch, answering(WELL[provider]()))
    monkeypatch.setenv(variable, address)
    provider_for(provider).call(asking(provider))
    assert str(wire.requests[0].url).startswith("http://proxy.test/v1/")


def test_a_compatible_server_needs_no_key(monkeypatch):
    wire = lay(monkeypatch, answering(WELL["openai_compatible"]()))
    monkeypatch.delenv("OPENAI_COMPATIBLE_API_KEY")
    provider_for("openai_compatible").call(asking("openai_compatible"))
    assert "planted" not in wire.requests[0].headers["authorization"]


def test_openais_key_is_not_sent_to_a_compatible_server(monkeypatch):
    """T34: two services, two keys."""
    wire = lay(monkeypatch, answering(WELL["openai_compatible"]()))
    monkeypatch.delenv("OPENAI_COMPATIBLE_API_KEY")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    provider_for("openai_compatible").call(asking("openai_compatible"))
    assert "sk-of-openai" not in str(wire.requests[0].headers.raw)
