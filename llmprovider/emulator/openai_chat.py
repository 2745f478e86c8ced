"""OpenAI, and servers compatible with it: POST /v1/chat/completions."""

import time
from collections.abc import Mapping
from typing import Any, Final

from llmprovider.emulator.http_messages import Reply, Request, json_reply
from llmprovider.emulator.judging import Ask, Written, judge
from llmprovider.emulator.openai_dialects import (
    OpenAIDialect,
    Piece,
    breakpoint_lifetime,
    check_caching,
    check_context,
    check_metadata,
    check_sampling,
    check_verbosity,
    checked_max_tokens,
    checked_schema,
    effort_for,
    invalid,
    model_for,
    of_mistake,
    schema_piece,
)
from llmprovider.emulator.payloads import mistake_in
from llmprovider.emulator.prefix_caches import CacheUse
from llmprovider.emulator.states import State

_FINISHES: Final = {"end": "stop", "max_tokens": "length", "refusal": "stop"}
_NOT_EMULATED: Final = (
    "audio function_call functions logit_bias logprobs modalities moderation prediction stop "
    "stream_options tool_choice tools top_logprobs web_search_options"
).split()


def create_completion(state: State, request: Request) -> Reply:
    return judge(Chat(), state, request)


class Chat(OpenAIDialect):
    endpoint = "/v1/chat/completions"

    def read(self, headers: Mapping[str, str], body: Any, state: State) -> Ask:
        if body.get("stream"):
            raise invalid("stream: not emulated", "unsupported_parameter", "stream")
        if mistake := mistake_in("chat", body):
            raise of_mistake(mistake)
        for name in _NOT_EMULATED:
            if body.get(name):
                raise invalid(f"{name}: not emulated", "unsupported_parameter", name)
        if body.get("n") not in (None, 1):
            raise invalid("n: not emulated", "unsupported_parameter", "n")
        model = model_for(body, state, chat=True)
        effort = effort_for(body.get("reasoning_effort"), model, "reasoning_effort")
        check_verbosity(body.get("verbosity"), model, "verbosity")
        check_sampling(body, model, effort)
        check_metadata(body)
        schema = checked_schema(_stated(body), "response_format")
        pieces = self.pieces(body)
        check_caching(body, model, pieces)
        check_context(pieces, model)
        users = [message for message in body["messages"] if message["role"] == "user"]
        if not users:
            raise invalid("The conversation has no user message.", "invalid_value", "messages")
        bound = _max_tokens(body, model.legacy_max_tokens)
        max_tokens = checked_max_tokens(bound, model, "max_completion_tokens")
        return Ask(model, _text(users[-1]["content"]), max_tokens, effort, schema, body)

    def pieces(self, body: Mapping[str, Any]) -> list[Piece]:
        pieces = schema_piece((_stated(body) or {}).get("schema"))
        options = body.get("prompt_cache_options") or {}
        for message in body["messages"]:
            content = message["content"]
            if isinstance(content, str):
                pieces.append(Piece(content))
                continue
            pieces += [Piece(part["text"], breakpoint_lifetime(part, options)) for part in content]
        return pieces

    def answer(self, ask: Ask, written: Written, use: CacheUse, request_id: str) -> Reply:
        refused = written.stop == "refusal"
        message: dict[str, Any] = {
            "role": "assistant",
            "content": None if refused else written.text,
            "refusal": "I'm sorry, but I can't help with that." if refused else None,
            "annotations": [],
        }
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": _FINISHES[written.stop],
        }
        reply = {
            "id": request_id.replace("req_", "chatcmpl-"),
            "object": "chat.completion",
            "created": int(time.time()),
            "model": ask.model.name,
            "choices": [choice],
            "service_tier": "default",
            "usage": {
                "prompt_tokens": use.total,
                "completion_tokens": written.output_tokens,
                "total_tokens": use.total + written.output_tokens,
                "prompt_tokens_details": {
                    "cached_tokens": use.read,
                    "cache_write_tokens": use.written,
                    "audio_tokens": 0,
                },
                "completion_tokens_details": {
                    "reasoning_tokens": written.reasoning_tokens,
                    "audio_tokens": 0,
                    "accepted_prediction_tokens": 0,
                    "rejected_prediction_tokens": 0,
                },
            },
        }
        return json_reply(200, reply, {"x-request-id": request_id})


def _stated(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    stated = body.get("response_format") or {}
    return stated["json_schema"] if stated.get("type") == "json_schema" else None


def _max_tokens(body: Mapping[str, Any], legacy: bool) -> int | None:
    given: int | None = body.get("max_completion_tokens")
    if body.get("max_tokens") is None:
        return given
    if not legacy:
        raise invalid(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
            "'max_completion_tokens' instead.",
            "unsupported_parameter",
            "max_tokens",
        )
    if given is not None:
        raise invalid(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
            "invalid_parameter_combination",
            "max_tokens",
        )
    return int(body["max_tokens"])


def _text(content: str | list[dict[str, Any]]) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)
