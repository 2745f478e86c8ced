"""The network edge: what the real SDKs send, and what a vendor would send back."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from llmprovider.prompting.prompts import ANSWER_SCHEMA
from llmprovider.providers.base import ProviderRequest

KEYS = {
    "anthropic": "ANTHROPIC_API_KEY",
    "openai": "OPENAI_API_KEY",
    "openai_compatible": "OPENAI_COMPATIBLE_API_KEY",
}
MODELS = {
    "anthropic": "claude-sonnet-5-5",
    "openai": "gpt-5.4",
    "openai_compatible": "local-judge",
}
PLANTED_KEY = "sk-planted-0123456789abcdef"

Answer = Callable[[httpx2.Request], httpx2.Response]


class Wire:
    """Every request that left, in order; each is answered by the next answer, the last for ever."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = answers
        self.requests: list[httpx2.Request] = []

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        self.requests.append(request)
        return self._answers[min(len(self.requests), len(self._answers)) - 1](request)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON of the only request."""
        (request,) = self.requests
        return dict(json.loads(request.content))


def lay(monkeypatch: pytest.MonkeyPatch, *answers: Answer) -> Wire:
    """Keys and an address in the environment, and a wire instead of the sockets below httpx2."""
    for variable in KEYS.values():
        monkeypatch.setenv(variable, PLANTED_KEY)
    for variable in ("ANTHROPIC_BASE_URL", "OPENAI_BASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", "http://gateway.test/v1")
    wire = Wire(*answers)
    monkeypatch.setattr(
        httpx2.HTTPTransport, "handle_request", lambda transport, request: wire.handle(request)
    )
    return wire


def asking(provider: str, **changes: Any) -> ProviderRequest:
    given: dict[str, Any] = {
        "provider": provider,
        "model": MODELS[provider],
        "system": "You judge.",
        "user": "Essay one. Essay two.",
        "schema": ANSWER_SCHEMA,
        "max_tokens": 900,
        "occasions": {"c1": "secret-occasion"},
    }
    return ProviderRequest(**{**given, **changes})


def answering(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """A JSON response, or a text where `body` is one."""
    if isinstance(body, str):
        return lambda request: httpx2.Response(status, text=body, headers=headers)
    return lambda request: httpx2.Response(status, json=body, headers=headers)


def raising(error: Exception) -> Answer:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise error

    return fail


def message(**changes: Any) -> dict[str, Any]:
    """Anthropic's."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": [{"type": "text", "text": '{"comparisons": []}'}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": 20},
        **changes,
    }


def response(**changes: Any) -> dict[str, Any]:
    """OpenAI's, of the Responses API."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "gpt-5.4-2026-03-05",
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {
                "type": "message",
                "id": "msg_1",
                "role": "assistant",
                "status": "completed",
                "content": [
                    {"type": "output_text", "text": '{"comparisons": []}', "annotations": []}
                ],
            },
        ],
        "usage": {
            "input_tokens": 100,
            "input_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 10},
            "output_tokens": 20,
            "output_tokens_details": {"reasoning_tokens": 5},
            "total_tokens": 120,
        },
        **changes,
    }


def completion(**choice: Any) -> dict[str, Any]:
    """A chat completion."""
    return {
        "id": "chat_1",
        "object": "chat.completion",
        "created": 1,
        "model": "local-judge",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": '{"comparisons": []}'},
                **choice,
            }
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }


WELL = {"anthropic": message, "openai": response, "openai_compatible": completion}
