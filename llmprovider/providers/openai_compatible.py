"""Servers that speak OpenAI's Chat Completions: local models and gateways, by base URL."""

from collections.abc import Mapping
from typing import Any, Final

from llmprovider.contracts import TokenUsage
from llmprovider.providers.base import ProviderRequest, ProviderResponse, Stop, VendorLimit
from llmprovider.providers.calls import body_of, identifier, send
from llmprovider.providers.clients import compatible_client
from llmprovider.providers.limit_headers import openai_limits
from llmprovider.providers.openai_responses import ANSWER_NAME
from llmprovider.providers.sdk_errors import COMPATIBLE, unreadable

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
            usage=_usage(body.get("usage")),
            model=identifier(body["model"]),
            request_id=request_id or identifier(body.get("id") or ""),
            limits=limits,
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    raise unreadable(COMPATIBLE, request_id)


def _usage(usage: Mapping[str, Any] | None) -> TokenUsage:
    """Some servers count nothing, or not in every class."""
    if usage is None:
        return TokenUsage()
    read = usage.get("prompt_tokens_details") or {}
    written = usage.get("completion_tokens_details") or {}
    return TokenUsage(
        input=usage["prompt_tokens"],
        output=usage["completion_tokens"],
        cache_read=read.get("cached_tokens") or 0,
        cache_write=read.get("cache_write_tokens") or 0,
        reasoning=written.get("reasoning_tokens") or 0,
    )


class OpenAICompatible:
    """One chat completion, in one attempt."""

    def call(self, request: ProviderRequest) -> ProviderResponse:
        """Raises ProviderError."""
        create = compatible_client().chat.completions.with_raw_response.create
        response = send(lambda: create(**payload(request)), COMPATIBLE, request.model)
        return response_of(
            body_of(response, COMPATIBLE),
            identifier(response.headers.get("x-request-id", "")),
            openai_limits(response.headers),
        )
