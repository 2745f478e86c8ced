"""Every failure of a call, raised by the real SDKs, and what it is to the queue."""

import httpx2
import pytest

from llmprovider.contracts import ErrorType
from llmprovider.providers.base import LimitKind, ProviderError
from llmprovider.providers.registry import provider_for
from tests.integration.providers.wires import MODELS, WELL, answering, asking, lay, raising

E = ErrorType
PROVIDERS = sorted(WELL)


def anthropic(kind, message="Something.", code=None):
    details = {"details": {"error_code": code}} if code else {}
    return {"type": "error", "error": {"type": kind, "message": message, **details}}


def openai(code, message="Something.", kind="invalid_request_error"):
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def failure(monkeypatch, provider, *answers):
    wire = lay(monkeypatch, *answers)
    with pytest.raises(ProviderError) as raised:
        provider_for(provider).call(asking(provider))
    assert len(wire.requests) == 1, "an SDK retried, and the queue does not know of it"
    return raised.value


# What the status alone says: status, error type, outage, size.
BY_STATUS = [
    (400, E.INVALID_REQUEST, False, False),
    (401, E.AUTHENTICATION, True, False),
    (402, E.AUTHENTICATION, True, False),
    (403, E.AUTHENTICATION, True, False),
    (404, E.INVALID_REQUEST, True, False),
    (408, E.TIMEOUT, False, False),
    (409, E.SERVER_ERROR, False, False),
    (413, E.INVALID_REQUEST, False, True),
    (422, E.INVALID_REQUEST, False, False),
    (429, E.RATE_LIMIT, False, False),
    (500, E.SERVER_ERROR, False, False),
    (502, E.SERVER_ERROR, False, False),
    (503, E.SERVER_ERROR, False, False),
    (504, E.TIMEOUT, False, False),
    (529, E.OVERLOADED, False, False),
]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(("status", "error_type", "outage", "size"), BY_STATUS)
@pytest.mark.parametrize("body", ["<html>from a proxy</html>", {"error": "odd"}, {}])
def test_by_status_alone(monkeypatch, provider, status, error_type, outage, size, body):
    """T23, P-69: whatever the body holds."""
    error = failure(monkeypatch, provider, answering(body, status))
    assert (error.error_type, error.outage, error.size) == (error_type, outage, size)
    assert f"HTTP {status}" in error.message


@pytest.mark.parametrize(
    ("status", "body", "error_type", "outage", "size"),
    [
        (529, anthropic("overloaded_error"), E.OVERLOADED, False, False),
        (503, anthropic("overloaded_error"), E.OVERLOADED, False, False),
        (500, anthropic("api_error"), E.SERVER_ERROR, False, False),
        (429, anthropic("rate_limit_error"), E.RATE_LIMIT, False, False),
        (
            429,
            anthropic("rate_limit_error", code="enforced_spend_limit_reached"),
            E.AUTHENTICATION,
            True,
            False,
        ),
        (
            429,
            anthropic("rate_limit_error", code="contract_spend_limit_reached"),
            E.AUTHENTICATION,
            True,
            False,
        ),
        (
            429,
            anthropic("rate_limit_error", code="ramp_limit_exceeded"),
            E.AUTHENTICATION,
            True,
            False,
        ),
        (402, anthropic("billing_error"), E.AUTHENTICATION, True, False),
        (
            400,
            anthropic("invalid_request_error", code="organization_on_hold"),
            E.AUTHENTICATION,
            True,
            False,
        ),
        (
            400,
            anthropic("invalid_request_error", "Your credit balance is too low to access the API"),
            E.AUTHENTICATION,
            True,
            False,
        ),
        (
            400,
            anthropic("invalid_request_error", "prompt is too long: 212345 tokens > 200000"),
            E.INVALID_REQUEST,
            False,
            True,
        ),
        (413, anthropic("request_too_large"), E.INVALID_REQUEST, False, True),
        (401, anthropic("authentication_error"), E.AUTHENTICATION, True, False),
        (403, anthropic("permission_error"), E.AUTHENTICATION, True, False),
        (404, anthropic("not_found_error", "model: claude-x"), E.INVALID_REQUEST, True, False),
        (400, anthropic("invalid_request_error", "max_tokens: too many"), E.INVALID_REQUEST, 0, 0),
    ],
)
def test_by_anthropics_own_words(monkeypatch, status, body, error_type, outage, size):
    """T23, P-69"""
    error = failure(monkeypatch, "anthropic", answering(body, status))
    assert (error.error_type, error.outage, error.size) == (error_type, outage, size)


@pytest.mark.parametrize("provider", ["openai", "openai_compatible"])
@pytest.mark.parametrize(
    ("status", "body", "error_type", "outage", "size"),
    [
        (429, openai("rate_limit_exceeded", kind="requests"), E.RATE_LIMIT, False, False),
        (
            429,
            openai("rate_limit_exceeded", "Request too large for gpt-5.4 on tokens", "tokens"),
            E.RATE_LIMIT,
            False,
            True,
        ),
        (429, openai("insufficient_quota", kind="insufficient_quota"), E.AUTHENTICATION, True, 0),
        (429, openai("billing_not_active"), E.AUTHENTICATION, True, False),
        (400, openai("billing_hard_limit_reached"), E.AUTHENTICATION, True, False),
        (401, openai("invalid_api_key"), E.AUTHENTICATION, True, False),
        (404, openai("model_not_found"), E.INVALID_REQUEST, True, False),
        (400, openai("model_not_found"), E.INVALID_REQUEST, True, False),
        (400, openai("context_length_exceeded"), E.INVALID_REQUEST, False, True),
        (400, openai("string_above_max_length"), E.INVALID_REQUEST, False, True),
        (400, openai("unsupported_value"), E.INVALID_REQUEST, False, False),
        (400, openai("invalid_prompt"), E.REFUSAL, False, False),
        (500, openai("server_error", kind="server_error"), E.SERVER_ERROR, False, False),
        (503, openai("server_is_overloaded", kind="server_error"), E.OVERLOADED, False, False),
    ],
)
def test_by_openais_own_words(monkeypatch, provider, status, body, error_type, outage, size):
    """T23"""
    error = failure(monkeypatch, provider, answering(body, status))
    assert (error.error_type, error.outage, error.size) == (error_type, outage, size)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("cause", "error_type"),
    [
        (httpx2.ReadTimeout("slow"), E.TIMEOUT),
        (httpx2.ConnectTimeout("slow"), E.TIMEOUT),
        (httpx2.ConnectError("refused"), E.CONNECTION),
        (httpx2.ReadError("reset"), E.CONNECTION),
        (httpx2.RemoteProtocolError("cut off"), E.CONNECTION),
    ],
)
def test_calls_without_a_response(monkeypatch, provider, cause, error_type):
    """T23: both kinds of timeout."""
    error = failure(monkeypatch, provider, raising(cause))
    assert (error.error_type, error.outage, error.size) == (error_type, False, False)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "17"}, 17.0),
        ({"retry-after": "300"}, 300.0),  # the openai SDK stops at 120
        ({"retry-after": "1", "retry-after-ms": "250"}, 0.25),
        (
            {
                "date": "Sat, 21 Nov 2026 12:00:00 GMT",
                "retry-after": "Sat, 21 Nov 2026 12:00:30 GMT",
            },
            30.0,
        ),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_how_long_the_vendor_asks_to_wait(monkeypatch, provider, headers, seconds):
    """P-69: as asked; the queue bounds it."""
    assert failure(monkeypatch, provider, answering({}, 429, headers)).retry_after == seconds


def test_a_refused_call_tells_its_limits_and_request_id(monkeypatch):
    headers = {
        "request-id": "req_9",
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "2026-11-21T12:00:12Z",
    }
    error = failure(monkeypatch, "anthropic", answering({}, 429, headers))
    assert error.request_id == "req_9"
    assert [(limit.kind, limit.remaining) for limit in error.limits] == [(LimitKind.REQUESTS, 0)]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("status", "remedy"),
    [(401, "_API_KEY"), (402, "Add credit"), (404, "Check the model's name")],
)
def test_an_outage_names_what_was_wrong_and_the_remedy(monkeypatch, provider, status, remedy):
    error = failure(monkeypatch, provider, answering({}, status))
    assert provider in error.message and remedy in error.message
    assert status != 404 or MODELS[provider] in error.message
