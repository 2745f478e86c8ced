"""What a vendor's response becomes: text, why it ended, tokens by class, limits."""

import pytest

from llmprovider.contracts import ErrorType, TokenUsage
from llmprovider.providers.base import LimitKind, ProviderError, Stop, VendorLimit
from llmprovider.providers.registry import provider_for
from tests.integration.providers import wires
from tests.integration.providers.wires import answering, asking, lay

ANSWER = '{"comparisons": []}'


def said(text, kind="output_text"):
    part = {"type": kind, "text": text} if kind == "output_text" else {"type": kind, kind: text}
    return [{"type": "message", "role": "assistant", "content": [part]}]


def called(monkeypatch, provider, body, headers=None):
    lay(monkeypatch, answering(body, headers=headers))
    return provider_for(provider).call(asking(provider))


def test_anthropics_tokens_by_class(monkeypatch):
    """T32: input counts cached tokens, output counts reasoning."""
    usage = {
        "input_tokens": 100,
        "cache_read_input_tokens": 2_000,
        "cache_creation_input_tokens": 700,
        "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 200},
        "output_tokens": 60,
        "output_tokens_details": {"thinking_tokens": 45},
    }
    response = called(monkeypatch, "anthropic", wires.message(usage=usage))
    assert response.usage == TokenUsage(
        input=2_800,
        output=60,
        cache_read=2_000,
        cache_write=700,
        cache_write_1h=200,
        reasoning=45,
    )


def test_openais_tokens_by_class(monkeypatch):
    """T32"""
    response = called(monkeypatch, "openai", wires.response())
    assert response.usage == TokenUsage(
        input=100, output=20, cache_read=40, cache_write=10, reasoning=5
    )
    assert response.model == "gpt-5.4-2026-03-05"


def test_a_server_that_counts_no_tokens_still_answers(monkeypatch):
    body = {**wires.completion(), "usage": None}
    response = called(monkeypatch, "openai_compatible", body)
    assert (response.text, response.usage) == (ANSWER, None)


@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("end_turn", Stop.END),
        ("stop_sequence", Stop.END),
        ("max_tokens", Stop.MAX_TOKENS),
        ("model_context_window_exceeded", Stop.MAX_TOKENS),
        ("pause_turn", Stop.MAX_TOKENS),
        ("refusal", Stop.REFUSAL),
    ],
)
def test_why_anthropic_stopped(monkeypatch, reason, stop):
    """P-69"""
    body = wires.message(stop_reason=reason)
    assert called(monkeypatch, "anthropic", body).stop is stop


@pytest.mark.parametrize(
    ("changes", "stop"),
    [
        ({}, Stop.END),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
            Stop.MAX_TOKENS,
        ),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            Stop.REFUSAL,
        ),
        ({"output": said("I cannot.", "refusal")}, Stop.REFUSAL),
        ({"status": "failed", "output": [], "error": {"code": "bio_policy"}}, Stop.REFUSAL),
    ],
)
def test_why_openai_stopped(monkeypatch, changes, stop):
    """P-69: and what was used is billed."""
    response = called(monkeypatch, "openai", wires.response(**changes))
    assert response.stop is stop
    assert response.usage.output == 20


@pytest.mark.parametrize(
    ("choice", "stop"),
    [
        ({}, Stop.END),
        ({"finish_reason": "length"}, Stop.MAX_TOKENS),
        ({"finish_reason": "content_filter"}, Stop.REFUSAL),
        ({"message": {"role": "assistant", "content": None, "refusal": "No."}}, Stop.REFUSAL),
    ],
)
def test_why_a_compatible_server_stopped(monkeypatch, choice, stop):
    """P-69"""
    body = wires.completion(**choice)
    assert called(monkeypatch, "openai_compatible", body).stop is stop


@pytest.mark.parametrize(
    ("changes", "error_type", "outage"),
    [
        ({"error": {"code": "server_error"}}, ErrorType.SERVER_ERROR, False),
        ({"error": {"code": "rate_limit_exceeded"}}, ErrorType.RATE_LIMIT, False),
        ({"error": {"code": "data_residency_mismatch"}}, ErrorType.INVALID_REQUEST, True),
        ({"error": None}, ErrorType.SERVER_ERROR, False),
    ],
)
def test_a_response_that_openai_ended_as_failed(monkeypatch, changes, error_type, outage):
    body = wires.response(status="failed", output=[], **changes)
    with pytest.raises(ProviderError) as raised:
        called(monkeypatch, "openai", body)
    assert (raised.value.error_type, raised.value.outage) == (error_type, outage)


def test_only_text_blocks_are_the_answer(monkeypatch):
    """A thinking block may come first."""
    content = [{"type": "thinking", "thinking": "Hm.", "signature": "s"}] + [
        {"type": "text", "text": part} for part in ('{"comparisons"', ": []}")
    ]
    assert called(monkeypatch, "anthropic", wires.message(content=content)).text == ANSWER


@pytest.mark.parametrize("provider", sorted(wires.WELL))
@pytest.mark.parametrize(
    "body", ["<html>Good gateway</html>", "", [], {}, {"id": "x", "content": 3, "choices": []}]
)
def test_anything_else_is_an_invalid_response(monkeypatch, provider, body):
    """T25: not a crash, and not a default winner. A retry can mend it."""
    with pytest.raises(ProviderError) as raised:
        called(monkeypatch, provider, body)
    assert raised.value.error_type is ErrorType.INVALID_RESPONSE
    assert not raised.value.outage


def test_anthropics_limits_are_read_from_the_headers(monkeypatch):
    headers = {
        "request-id": "req_7",
        "date": "Sat, 21 Nov 2026 12:00:00 GMT",
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-requests-reset": "2026-11-21T12:00:12Z",
        "anthropic-ratelimit-output-tokens-limit": "8000",
        "anthropic-ratelimit-output-tokens-remaining": "0",
        "anthropic-ratelimit-output-tokens-reset": "2026-11-21T12:01:00Z",
    }
    response = called(monkeypatch, "anthropic", wires.message(), headers)
    assert response.request_id == "req_7"
    assert response.limits == (
        VendorLimit(LimitKind.REQUESTS, 50, 49, 12.0),
        VendorLimit(LimitKind.OUTPUT_TOKENS, 8_000, 0, 60.0),
    )


@pytest.mark.parametrize("provider", ["openai", "openai_compatible"])
def test_openais_limits_are_read_from_the_headers(monkeypatch, provider):
    headers = {
        "x-request-id": "req_8",
        "x-ratelimit-limit-requests": "500",
        "x-ratelimit-remaining-requests": "499",
        "x-ratelimit-reset-requests": "120ms",
        "x-ratelimit-limit-tokens": "30000",
        "x-ratelimit-remaining-tokens": "10000",
        "x-ratelimit-reset-tokens": "6m0s",
    }
    response = called(monkeypatch, provider, wires.WELL[provider](), headers)
    assert response.request_id == "req_8"
    assert response.limits == (
        VendorLimit(LimitKind.REQUESTS, 500, 499, 0.12),
        VendorLimit(LimitKind.TOKENS, 30_000, 10_000, 360.0),
    )
