"""Servers that speak OpenAI's Chat Completions: local models and gateways, by base URL."""

from collections.abc import Mapping
from typing import Any, Final

from llmprovider.providers.base import ProviderRequest, ProviderResponse, Stop, VendorLimit
from llmprovider.providers.calls import answer_of, identifier, send
from llmprovider.providers.openai_responses import ANSWER_NAME
from llmprovider.providers.openai_sdk import COMPATIBLE, compatible_client
from llmprovider.providers.sdk_errors import unreadable
from llmprovider.providers.usages import openai_usage

_STOPS: Final = {"length": Stop.MAX_TOKENS, "content_filter": Stop.REFUSAL}


def payload(request: ProviderRequest) -> dict[str, Any]:
    """The body of `chat.completions.create`.

    The limit is sent as `max_tokens`, which OpenAI has given up for `max_completion_tokens`: the
    older servers among the local ones know only the former and would write without any limit.
    """
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [
            {"role": "system", "content": request.system},
            {"role": "user", "content": request.user},
        ],
        "max_tokens": request.max_tokens,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": ANSWER_NAME, "schema": dict(request.schema), "strict": True},
        },
    }
    if request.reasoning_effort:
        body["reasoning_effort"] = request.reasoning_effort
    if request.output_verbosity:
        body["verbosity"] = request.output_verbosity
    if request.temperature is not None:
        body["temperature"] = request.temperature
    return body


def response_of(
    body: Mapping[str, Any], request_id: str = "", limits: tuple[VendorLimit, ...] = ()
) -> ProviderResponse:
    """A chat completion. Raises ProviderError (`invalid_response`) for anything else."""
    try:
        (choice,) = body["choices"]
        message = choice["message"]
        declined = bool(message.get("refusal"))
        return ProviderResponse(
            text=message.get("content") or "",
            stop=Stop.REFUSAL if declined else _STOPS.get(choice["finish_reason"], Stop.END),
            usage=openai_usage(
                body.get("usage"), read="prompt_tokens", written="completion_tokens"
            ),
            model=identifier(body["model"]),
            request_id=request_id or identifier(body.get("id") or ""),
            limits=limits,
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    raise unreadable(COMPATIBLE, request_id)


class OpenAICompatible:
    """One chat completion, in one attempt."""

    def __init__(self) -> None:
        """Raises ProviderError without a usable key or address."""
        self._client = compatible_client()

    def call(self, request: ProviderRequest) -> ProviderResponse:
        """Raises ProviderError."""
        create = self._client.chat.completions.with_raw_response.create
        response = send(lambda: create(**payload(request)), COMPATIBLE, request.model)
        request_id = identifier(response.headers.get("x-request-id", ""))
        return answer_of(response, COMPATIBLE, request_id, response_of)
