"""Anthropic's Messages API."""

from collections.abc import Mapping
from typing import Any, Final

from llmprovider.contracts import TokenUsage
from llmprovider.contracts.models import known_model
from llmprovider.providers.base import ProviderRequest, ProviderResponse, Stop, VendorLimit
from llmprovider.providers.calls import body_of, identifier, send
from llmprovider.providers.clients import anthropic_client
from llmprovider.providers.limit_headers import anthropic_limits
from llmprovider.providers.sdk_errors import ANTHROPIC, unreadable
from llmprovider.tokens import estimate_tokens

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
        usage = body["usage"]
        read = usage.get("cache_read_input_tokens") or 0
        written = usage.get("cache_creation_input_tokens") or 0
        kept = usage.get("cache_creation") or {}
        details = usage.get("output_tokens_details") or {}
        return ProviderResponse(
            text="".join(part["text"] for part in body["content"] if part["type"] == "text"),
            stop=_stop(body["stop_reason"]),
            usage=TokenUsage(
                input=usage["input_tokens"] + read + written,
                output=usage["output_tokens"],
                cache_read=read,
                cache_write=written,
                cache_write_1h=kept.get("ephemeral_1h_input_tokens") or 0,
                reasoning=details.get("thinking_tokens") or 0,
            ),
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


class AnthropicMessages:
    """One message, in one attempt."""

    def call(self, request: ProviderRequest) -> ProviderResponse:
        """Raises ProviderError."""
        create = anthropic_client().messages.with_raw_response.create
        response = send(lambda: create(**payload(request)), ANTHROPIC, request.model)
        return response_of(
            body_of(response, ANTHROPIC),
            identifier(response.headers.get("request-id", "")),
            anthropic_limits(response.headers),
        )
