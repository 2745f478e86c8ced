"""Anthropic's Messages API."""

from collections.abc import Mapping
from typing import Any, Final, cast

from llmprovider.contracts import TokenUsage
from llmprovider.contracts.models import known_model
from llmprovider.prompting.tokens import estimate_tokens
from llmprovider.providers.anthropic_sdk import ANTHROPIC, anthropic_client
from llmprovider.providers.base import ProviderRequest, ProviderResponse, Stop, VendorLimit
from llmprovider.providers.calls import answer_of, identifier, send
from llmprovider.providers.sdk_errors import unreadable
from llmprovider.providers.usages import usage_of

# Shortest prefix kept by any current model: below it a breakpoint does nothing.
_SMALLEST_PREFIX: Final = 512

# Neither a full context nor a pause comes with a whole answer; what is complete in it counts.
_CUT_OFF: Final = frozenset({"max_tokens", "model_context_window_exceeded", "pause_turn"})


def payload(request: ProviderRequest) -> dict[str, Any]:
    """The body of `messages.create`, or of one request in a message batch.

    No sampling parameters: the API refuses them. No tools: the answer's form is asked for as such.
    """
    system: dict[str, Any] = {"type": "text", "text": request.system}
    known = known_model(request.provider, request.model)
    smallest = (known and known.min_cacheable_tokens) or _SMALLEST_PREFIX
    if request.cache_ttl and estimate_tokens(request.system) >= smallest:
        system["cache_control"] = {"type": "ephemeral", "ttl": request.cache_ttl}
    output: dict[str, Any] = {"format": {"type": "json_schema", "schema": dict(request.schema)}}
    if request.reasoning_effort:
        output["effort"] = request.reasoning_effort
    return {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "system": [system],
        "messages": [{"role": "user", "content": request.user}],
        "output_config": output,
    }


def response_of(
    body: Mapping[str, Any], request_id: str = "", limits: tuple[VendorLimit, ...] = ()
) -> ProviderResponse:
    """A message as the API writes it. Raises ProviderError (`invalid_response`) for any other."""
    try:
        return ProviderResponse(
            text="".join(part["text"] for part in body["content"] if part["type"] == "text"),
            stop=_stop(body["stop_reason"]),
            usage=_usage(body.get("usage")),
            model=identifier(body["model"]),
            request_id=request_id or identifier(body["id"]),
            limits=limits,
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    raise unreadable(ANTHROPIC, request_id)


def _stop(reason: str | None) -> Stop:
    if reason == "refusal":
        return Stop.REFUSAL
    return Stop.MAX_TOKENS if reason in _CUT_OFF else Stop.END


def _usage(usage: object) -> TokenUsage | None:
    """Tokens read are told without those that came from a cache or were written to it."""
    try:
        counted = cast("Mapping[str, Any]", usage)
        read = counted.get("cache_read_input_tokens") or 0
        written = counted.get("cache_creation_input_tokens") or 0
        return usage_of(
            counted["input_tokens"] + read + written,
            counted["output_tokens"],
            cache_read=read,
            cache_write=written,
            cache_write_1h=(counted.get("cache_creation") or {}).get("ephemeral_1h_input_tokens"),
            reasoning=(counted.get("output_tokens_details") or {}).get("thinking_tokens"),
        )
    except (AttributeError, KeyError, TypeError):
        return None


class AnthropicMessages:
    """One message, in one attempt."""

    def __init__(self) -> None:
        """Raises ProviderError without a usable key or address."""
        self._client = anthropic_client()

    def call(self, request: ProviderRequest) -> ProviderResponse:
        """Raises ProviderError."""
        create = self._client.messages.with_raw_response.create
        response = send(lambda: create(**payload(request)), ANTHROPIC, request.model)
        request_id = identifier(response.headers.get("request-id", ""))
        return answer_of(response, ANTHROPIC, request_id, response_of)
