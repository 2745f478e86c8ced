"""Anthropic: POST /v1/messages."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import anthropic

from llmprovider.emulator.faults import Fault
from llmprovider.emulator.http_messages import Reply, Request, json_reply
from llmprovider.emulator.judging import Ask, Written, check_answerable, judge
from llmprovider.emulator.payloads import mistake_in
from llmprovider.emulator.prefix_caches import Block, CacheUse, breakpoint_use
from llmprovider.emulator.schemas import anthropic_problem
from llmprovider.emulator.states import State
from llmprovider.emulator.token_counts import count_tokens
from llmprovider.emulator.vendor_errors import ANTHROPIC, VendorError, Wording
from llmprovider.emulator.vendor_limits import Standing
from llmprovider.emulator.vendor_models import VendorModel, anthropic_model

# The one version that the installed SDK speaks.
API_VERSION: Final = str(anthropic.Anthropic(api_key="-").default_headers["anthropic-version"])

MAX_BREAKPOINTS: Final = 4
_MIN_THINKING: Final = 1024
_NOT_EMULATED: Final = ("tools", "tool_choice", "container", "diagnostics")
_STOPS: Final = {"end": "end_turn", "max_tokens": "max_tokens", "refusal": "refusal"}


def create_message(state: State, request: Request) -> Reply:
    return judge(Messages(), state, request)


class Messages:
    endpoint = "/v1/messages"
    wordings: Mapping[Fault, Wording] = ANTHROPIC
    limit_kinds = frozenset({"requests", "input_tokens", "output_tokens"})

    def key(self, headers: Mapping[str, str]) -> str:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        key = token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
        if not key:
            raise VendorError(401, "authentication_error", "x-api-key header is required")
        return key

    def read(self, headers: Mapping[str, str], body: Any, state: State) -> Ask:
        version = headers.get("anthropic-version")
        if version is None:
            raise _invalid("anthropic-version: header is required")
        if version != API_VERSION:
            raise _invalid(f'anthropic-version: "{version}" is not a version emulated here')
        if body.get("stream"):
            raise _invalid("stream: not emulated")
        if mistake := mistake_in("messages", body):
            raise _invalid(f"{mistake.path}: {mistake.message}")
        for name in _NOT_EMULATED:
            if body.get(name) is not None:
                raise _invalid(f"{name}: not emulated")
        model = anthropic_model(body["model"]) or _extra(body["model"], state)
        if model is None:
            raise ANTHROPIC[Fault.UNKNOWN_MODEL].error(model=body["model"])
        _check_messages(body)
        _check_breakpoints(body)
        effort = _effort(body, model)
        schema = ((body.get("output_config") or {}).get("format") or {}).get("schema")
        if schema is not None and (problem := anthropic_problem(schema)):
            raise _invalid(f"output_config.format.schema: {problem}")
        check_answerable(schema)
        _check_sizes(body, model)
        user = _text(body["messages"][-1]["content"])
        return Ask(model, user, body["max_tokens"], effort, schema, body)

    def cache_use(self, ask: Ask, key: str, state: State) -> CacheUse:
        return breakpoint_use(
            state.cache,
            f"anthropic\0{key}\0{ask.model.name}",
            list(_blocks(ask.payload)),
            ask.model.min_cacheable_tokens,
            state.clock.now(),
        )

    def needs(self, ask: Ask, use: CacheUse) -> dict[str, float]:
        return {"requests": 1, "input_tokens": use.fresh + use.written, "output_tokens": 0}

    def settlement(self, ask: Ask, use: CacheUse, output_tokens: int) -> dict[str, float]:
        return {"output_tokens": output_tokens}

    def limit_headers(self, standings: list[Standing], state: State) -> dict[str, str]:
        headers = {}
        for standing in standings:
            name = "anthropic-ratelimit-" + standing.kind.replace("_", "-")
            reset = timedelta(seconds=state.clock.in_real_seconds(standing.reset))
            headers[f"{name}-limit"] = str(standing.limit)
            headers[f"{name}-remaining"] = str(standing.remaining)
            headers[f"{name}-reset"] = (datetime.now(UTC) + reset).strftime("%Y-%m-%dT%H:%M:%SZ")
        return headers

    def error(self, error: VendorError, request_id: str) -> Reply:
        detail: dict[str, Any] = {"type": error.error_type, "message": error.message}
        if error.code:
            detail["details"] = {"error_code": error.code}
        body = {"type": "error", "error": detail, "request_id": request_id}
        return json_reply(error.status, body, {"request-id": request_id, **error.headers})

    def answer(self, ask: Ask, written: Written, use: CacheUse, request_id: str) -> Reply:
        content: list[dict[str, Any]] = []
        if written.reasoning_tokens:
            content.append({"type": "thinking", "thinking": "", "signature": "emulated"})
        if written.text:
            content.append({"type": "text", "text": written.text, "citations": None})
        refused = written.stop == "refusal"
        body = {
            "id": request_id.replace("req_", "msg_"),
            "type": "message",
            "role": "assistant",
            "model": ask.model.name,
            "content": content,
            "stop_reason": _STOPS[written.stop],
            "stop_sequence": None,
            "stop_details": {"type": "refusal", "category": "bio", "explanation": None}
            if refused
            else None,
            "container": None,
            "usage": {
                "input_tokens": use.fresh,
                "cache_read_input_tokens": use.read,
                "cache_creation_input_tokens": use.written,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": use.write_5m,
                    "ephemeral_1h_input_tokens": use.write_1h,
                },
                "output_tokens": written.output_tokens,
                "output_tokens_details": {"thinking_tokens": written.reasoning_tokens},
                "server_tool_use": None,
                "service_tier": "standard",
            },
        }
        return json_reply(200, body, {"request-id": request_id})


def _invalid(message: str) -> VendorError:
    return VendorError(400, "invalid_request_error", message)


def _extra(name: str, state: State) -> VendorModel | None:
    if name not in state.extra_models:
        return None
    return VendorModel(
        name,
        64_000,
        200_000,
        ("low", "medium", "high"),
        temperature=False,
        thinking=frozenset({"adaptive", "disabled"}),
    )


def _check_messages(body: Mapping[str, Any]) -> None:
    messages = body["messages"]
    if not messages:
        raise _invalid("messages: at least one message is required")
    if messages[0]["role"] != "user":
        raise _invalid('messages: first message must use the "user" role')
    if messages[-1]["role"] != "user":
        raise _invalid(
            "This model does not support assistant message prefill. The conversation must end "
            "with a user message."
        )
    for at, message in enumerate(messages):
        if not message["content"]:
            raise _invalid(f"messages.{at}: all messages must have non-empty content")
    for place, block in _placed_blocks(body):
        if not block["text"]:
            raise _invalid(f"{place}: text content blocks must be non-empty")
    user_id = (body.get("metadata") or {}).get("user_id") or ""
    if len(user_id) > 256:
        raise _invalid("metadata.user_id: String should have at most 256 characters")


def _check_breakpoints(body: Mapping[str, Any]) -> None:
    ttls = [block.ttl for block in _blocks(body) if block.ttl]
    if len(ttls) > MAX_BREAKPOINTS:
        raise _invalid(
            f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. "
            f"Found {len(ttls)}."
        )
    if "5m" in ttls and "1h" in ttls[ttls.index("5m") :]:
        raise _invalid(
            "cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' "
            "cache_control block."
        )


def _effort(body: Mapping[str, Any], model: VendorModel) -> str:
    """How hard the model thinks: none where thinking is off."""
    effort = (body.get("output_config") or {}).get("effort")
    if effort is not None and not model.efforts:
        raise _invalid("output_config.effort: This model does not support the effort parameter.")
    if effort is not None and effort not in model.efforts:
        raise _invalid(
            f"output_config.effort: This model does not support effort level '{effort}'. "
            f"Supported levels: {', '.join(model.efforts)}."
        )
    thinking = body.get("thinking")
    if thinking is None:
        return "none" if model.default_effort == "none" else effort or model.default_effort
    kind = thinking["type"]
    if kind not in model.thinking:
        raise _invalid(f"thinking.type: '{kind}' is not supported on this model.")
    if kind == "disabled":
        if effort in ("xhigh", "max") and model.default_effort != "none":
            raise _invalid("thinking.type: cannot be disabled at this effort level.")
        return "none"
    if kind == "enabled":
        if thinking["budget_tokens"] < _MIN_THINKING:
            raise _invalid("thinking.enabled.budget_tokens: Input should be at least 1024")
        if thinking["budget_tokens"] >= body["max_tokens"]:
            raise _invalid("`max_tokens` must be greater than `thinking.budget_tokens`")
    return effort or "high"


def _check_sizes(body: Mapping[str, Any], model: VendorModel) -> None:
    if body["max_tokens"] < 0:
        raise _invalid("max_tokens: Input should be greater than or equal to 0")
    if body["max_tokens"] > model.max_output_tokens:
        raise _invalid(
            f"max_tokens: {body['max_tokens']} > {model.max_output_tokens}, which is the maximum "
            f"allowed number of output tokens for {model.name}"
        )
    size = sum(count_tokens(block.text) for block in _blocks(body))
    if size > model.context_window:
        raise _invalid(f"prompt is too long: {size} tokens > {model.context_window} maximum")


def _placed_blocks(body: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every text block with its place; a plain string is a block of its own."""
    system = body.get("system", [])
    if isinstance(system, str):
        system = [{"type": "text", "text": system}] if system else []
    for at, block in enumerate(system):
        yield f"system.{at}", block
    for at, message in enumerate(body["messages"]):
        content = message["content"]
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        for inner, block in enumerate(content):
            yield f"messages.{at}.content.{inner}", block


def _blocks(body: Mapping[str, Any]) -> Iterator[Block]:
    """The prompt in the order in which it is cached: the schema, then system, then messages."""
    schema = ((body.get("output_config") or {}).get("format") or {}).get("schema")
    if schema is not None:
        yield Block(json.dumps(schema, separators=(",", ":")))
    placed = [block for _, block in _placed_blocks(body)]
    automatic = body.get("cache_control")
    for at, block in enumerate(placed):
        control = block.get("cache_control")
        if control is None and at == len(placed) - 1:
            control = automatic
        yield Block(block["text"], control.get("ttl", "5m") if control else None)


def _text(content: str | list[dict[str, Any]]) -> str:
    if isinstance(content, str):
        return content
    return "".join(block["text"] for block in content)
