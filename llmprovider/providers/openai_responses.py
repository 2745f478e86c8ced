"""OpenAI's Responses API."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from llmprovider.contracts import TokenUsage
from llmprovider.contracts.models import KnownModel, known_model
from llmprovider.prompting.tokens import estimate_tokens
from llmprovider.providers.base import ProviderRequest, ProviderResponse, Stop, VendorLimit
from llmprovider.providers.calls import answer_of, identifier, send
from llmprovider.providers.openai_sdk import OPENAI, openai_client
from llmprovider.providers.sdk_errors import REFUSED, of_failed_response, unreadable
from llmprovider.providers.usages import openai_usage

ANSWER_NAME: Final = "comparison_verdicts"


def payload(request: ProviderRequest) -> dict[str, Any]:
    """The body of `responses.create`, or of one line of a batch file.

    `store` is off: by default OpenAI keeps every response, and with it the essays, for 30 days.
    """
    text: dict[str, Any] = {
        "format": {
            "type": "json_schema",
            "name": ANSWER_NAME,
            "schema": dict(request.schema),
            "strict": True,
        }
    }
    if request.output_verbosity:
        text["verbosity"] = request.output_verbosity
    body: dict[str, Any] = {
        "model": request.model,
        **_prompt(request, known_model(request.provider, request.model)),
        "max_output_tokens": request.max_tokens,
        "text": text,
        "store": False,
        # Calls with the same instructions are sent where these are in the cache.
        "prompt_cache_key": hashlib.sha256(request.system.encode()).hexdigest()[:32],
    }
    if request.reasoning_effort:
        body["reasoning"] = {"effort": request.reasoning_effort}
    if request.temperature is not None:
        body["temperature"] = request.temperature
    return body


def _prompt(request: ProviderRequest, known: KnownModel | None) -> dict[str, Any]:
    """Instructions and message; where cache writes are billed, only the instructions are kept.

    Left to itself such a model would write every call's essays into its cache, for a quarter more.
    """
    if not (known and known.bills_cache_writes):
        return {"instructions": request.system, "input": request.user}
    system: dict[str, Any] = {"type": "input_text", "text": request.system}
    if request.cache_ttl and estimate_tokens(request.system) >= (known.min_cacheable_tokens or 0):
        system["prompt_cache_breakpoint"] = {"mode": "explicit"}
    return {
        "input": [
            {"role": "developer", "content": [system]},
            {"role": "user", "content": [{"type": "input_text", "text": request.user}]},
        ],
        "prompt_cache_options": {"mode": "explicit"},
    }


def response_of(
    body: Mapping[str, Any], request_id: str = "", limits: tuple[VendorLimit, ...] = ()
) -> ProviderResponse:
    """A response object as the API writes it.

    Raises ProviderError for one that failed, and (`invalid_response`) for anything else.
    """
    try:
        request_id = request_id or identifier(body["id"])
        failed = _failure_code(body)
        if failed is None or failed in REFUSED:
            text, refused = _said(body["output"])
            return ProviderResponse(
                text=text,
                stop=Stop.REFUSAL if refused or failed else _stop(body),
                usage=_usage(body.get("usage"), declined=failed is not None),
                model=identifier(body["model"]),
                request_id=request_id,
                limits=limits,
            )
        error = of_failed_response(failed, OPENAI, request_id)
    except (AttributeError, KeyError, TypeError, ValueError):
        error = unreadable(OPENAI, request_id)
    raise error


def _failure_code(body: Mapping[str, Any]) -> str | None:
    """The code of a response that gave no answer; None for one that did, whole or in part."""
    if body["status"] in ("completed", "incomplete"):
        return None
    return str((body.get("error") or {}).get("code") or body["status"])


def _said(output: list[Mapping[str, Any]]) -> tuple[str, bool]:
    """All text of the messages, and whether the model declined instead."""
    parts = [part for item in output if item["type"] == "message" for part in item["content"]]
    text = "".join(part["text"] for part in parts if part["type"] == "output_text")
    return text, any(part["type"] == "refusal" for part in parts)


def _stop(body: Mapping[str, Any]) -> Stop:
    if body["status"] == "completed":
        return Stop.END
    reason = (body.get("incomplete_details") or {}).get("reason")
    return Stop.REFUSAL if reason == "content_filter" else Stop.MAX_TOKENS


def _usage(usage: object, *, declined: bool) -> TokenUsage | None:
    if usage is None and declined:
        return TokenUsage()  # nothing was used where nothing was answered
    return openai_usage(usage, read="input_tokens", written="output_tokens")


class OpenAIResponses:
    """One response, in one attempt."""

    def __init__(self) -> None:
        """Raises ProviderError without a usable key or address."""
        self._client = openai_client()

    def call(self, request: ProviderRequest) -> ProviderResponse:
        """Raises ProviderError."""
        create = self._client.responses.with_raw_response.create
        response = send(lambda: create(**payload(request)), OPENAI, request.model)
        request_id = identifier(response.headers.get("x-request-id", ""))
        return answer_of(response, OPENAI, request_id, response_of)
