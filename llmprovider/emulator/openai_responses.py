"""OpenAI: POST /v1/responses."""

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

_NOT_EMULATED: Final = (
    "background context_management conversation image max_tool_calls moderation "
    "previous_response_id prompt stream_options tool_choice tools top_logprobs"
).split()


def create_response(state: State, request: Request) -> Reply:
    return judge(Responses(), state, request)


class Responses(OpenAIDialect):
    endpoint = "/v1/responses"

    def read(self, headers: Mapping[str, str], body: Any, state: State) -> Ask:
        if body.get("stream"):
            raise invalid("stream: not emulated", "unsupported_parameter", "stream")
        if mistake := mistake_in("responses", body):
            raise of_mistake(mistake)
        for name in _NOT_EMULATED:
            if body.get(name):
                raise invalid(f"{name}: not emulated", "unsupported_parameter", name)
        model = model_for(body, state, chat=False)
        text = body.get("text") or {}
        stated = text.get("format") or {}
        effort = effort_for((body.get("reasoning") or {}).get("effort"), model, "reasoning.effort")
        check_verbosity(text.get("verbosity"), model, "text.verbosity")
        check_sampling(body, model, effort)
        check_metadata(body)
        schema = checked_schema(
            stated if stated.get("type") == "json_schema" else None, "text.format"
        )
        max_tokens = checked_max_tokens(body.get("max_output_tokens"), model, "max_output_tokens")
        pieces = self.pieces(body)
        check_caching(body, model, pieces)
        check_context(pieces, model)
        if (body.get("prompt_cache_options") or {}).get("prewarm"):
            max_tokens = 0
        return Ask(model, _user_text(body["input"]), max_tokens, effort, schema, body)

    def pieces(self, body: Mapping[str, Any]) -> list[Piece]:
        stated = (body.get("text") or {}).get("format") or {}
        pieces = schema_piece(stated.get("schema"))
        if body.get("instructions"):
            pieces.append(Piece(body["instructions"]))
        messages = body["input"]
        if isinstance(messages, str):
            return [*pieces, Piece(messages)]
        options = body.get("prompt_cache_options") or {}
        for message in messages:
            content = message["content"]
            if isinstance(content, str):
                pieces.append(Piece(content))
                continue
            pieces += [Piece(part["text"], breakpoint_lifetime(part, options)) for part in content]
        return pieces

    def answer(self, ask: Ask, written: Written, use: CacheUse, request_id: str) -> Reply:
        complete = written.stop != "max_tokens" or ask.max_tokens == 0
        status = "completed" if complete else "incomplete"
        body = ask.payload
        sent = {
            name: body.get(name)
            for name in (
                "instructions max_output_tokens metadata prompt_cache_key prompt_cache_retention "
                "safety_identifier temperature top_p user"
            ).split()
        }
        reply = {
            **sent,
            "id": request_id.replace("req_", "resp_"),
            "object": "response",
            "created_at": int(time.time()),
            "status": status,
            "background": False,
            "error": None,
            "incomplete_details": None if complete else {"reason": "max_output_tokens"},
            "model": ask.model.name,
            "output": _output(written, status, request_id),
            "parallel_tool_calls": True,
            "previous_response_id": None,
            "reasoning": {"effort": ask.effort, "summary": None},
            "service_tier": "default",
            "store": body.get("store", True),
            "text": {"format": {"type": "text"}, "verbosity": "medium", **(body.get("text") or {})},
            "tool_choice": "auto",
            "tools": [],
            "truncation": body.get("truncation") or "disabled",
            "usage": {
                "input_tokens": use.total,
                "input_tokens_details": {
                    "cached_tokens": use.read,
                    "cache_write_tokens": use.written,
                },
                "output_tokens": written.output_tokens,
                "output_tokens_details": {"reasoning_tokens": written.reasoning_tokens},
                "total_tokens": use.total + written.output_tokens,
            },
        }
        return json_reply(200, reply, {"x-request-id": request_id})


def _output(written: Written, status: str, request_id: str) -> list[dict[str, Any]]:
    output: list[dict[str, Any]] = []
    if written.reasoning_tokens:
        name = request_id.replace("req_", "rs_")
        output.append({"id": name, "type": "reasoning", "summary": []})
    part: dict[str, Any]
    if written.stop == "refusal":
        part = {"type": "refusal", "refusal": "I'm sorry, but I can't help with that."}
    elif written.text or status == "completed":
        part = {"type": "output_text", "text": written.text, "annotations": [], "logprobs": []}
    else:
        return output
    output.append(
        {
            "id": request_id.replace("req_", "msg_"),
            "type": "message",
            "role": "assistant",
            "status": status,
            "content": [part],
        }
    )
    return output


def _user_text(messages: str | list[dict[str, Any]]) -> str:
    if isinstance(messages, str):
        return messages
    last = [message for message in messages if message["role"] == "user"][-1:]
    if not last:
        raise invalid("The input has no user message.", "invalid_value", "input")
    content = last[0]["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)
