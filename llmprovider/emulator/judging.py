"""One call from request to reply: what the vendors have in common."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final, Literal, Protocol

import jsonschema

from llmprovider.emulator.answers import Question, answer_text
from llmprovider.emulator.call_logs import Call
from llmprovider.emulator.faults import Fault, Injection, header_injection
from llmprovider.emulator.http_messages import Cut, Reply, Request
from llmprovider.emulator.prefix_caches import CacheUse
from llmprovider.emulator.states import State, key_fault, key_name, pair_names
from llmprovider.emulator.token_counts import chars_within, count_tokens
from llmprovider.emulator.vendor_errors import BAD_GATEWAY_PAGE, VendorError, Wording, masked
from llmprovider.emulator.vendor_limits import Exceeded, Standing
from llmprovider.emulator.vendor_models import REASONING_PER_ITEM, VendorModel
from llmprovider.providers.latent_quality import UnknownText

MAX_BODY_BYTES: Final = 32 * 1024 * 1024
_TRUNCATED_TO: Final = 0.6
_REFUSAL_TOKENS: Final = 12

Stop = Literal["end", "max_tokens", "refusal"]


@dataclass(frozen=True)
class Ask:
    """A body that passed every check. `payload` is what its vendor reads further from it.

    `max_tokens` bounds the output, reasoning included (0: fill the cache, write nothing).
    """

    model: VendorModel
    user: str = field(repr=False)
    max_tokens: int
    effort: str
    schema: Mapping[str, Any] | None = field(repr=False)
    payload: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Written:
    """What the judge wrote; `output_tokens` count reasoning too."""

    text: str = field(repr=False)
    stop: Stop
    output_tokens: int
    reasoning_tokens: int


class Dialect(Protocol):
    """How one endpoint of one vendor reads, charges and replies."""

    endpoint: str
    wordings: Mapping[Fault, Wording]
    limit_kinds: frozenset[str]

    def key(self, headers: Mapping[str, str]) -> str: ...

    def read(self, headers: Mapping[str, str], body: Any, state: State) -> Ask: ...

    def cache_use(self, ask: Ask, key: str, state: State) -> CacheUse: ...

    def needs(self, ask: Ask, use: CacheUse) -> dict[str, float]: ...

    def settlement(self, ask: Ask, use: CacheUse, output_tokens: int) -> dict[str, float]: ...

    def limit_headers(self, standings: list[Standing], state: State) -> dict[str, str]: ...

    def error(self, error: VendorError, request_id: str) -> Reply: ...

    def answer(self, ask: Ask, written: Written, use: CacheUse, request_id: str) -> Reply: ...


def judge(dialect: Dialect, state: State, request: Request) -> Reply:
    """The reply to one call, and its line in the log. Waits as long as the answer takes."""
    call = Call(
        at=state.clock.now(),
        seconds=0.0,
        endpoint=dialect.endpoint,
        model="",
        key="",
        status=0,
        request_id=f"req_emulated_{state.serial():08d}",
    )
    reply, call = _judged(dialect, state, request, call)
    state.log.add(replace(call, seconds=state.clock.now() - call.at, status=reply.status))
    return reply


def _judged(dialect: Dialect, state: State, request: Request, call: Call) -> tuple[Reply, Call]:
    try:
        key = dialect.key(request.headers)
        call = replace(call, key=key_name(key))
        if bad := key_fault(key):
            raise dialect.wordings[bad].error(key=masked(key))
        ask = dialect.read(request.headers, _body(dialect, request), state)
        call = replace(call, model=ask.model.name)
        question = state.question(ask.user)
        call = replace(call, items=question.items, pairs=tuple(pair_names(question)))
        header = request.headers.get("x-emulator-fault", "")
        asked = header_injection(header) if header else None
    except VendorError as error:
        return dialect.error(error, call.request_id), replace(call, error=error.message)
    except ValueError as error:
        refusal = VendorError(400, "invalid_request_error", f"emulator: {error}")
        return dialect.error(refusal, call.request_id), replace(call, error=refusal.message)

    coming = state.fault_for(question, ask.model.name, asked)
    if coming:
        call = replace(call, fault=coming.fault.value)
        if reply := reply_of_fault(dialect, coming, ask, key, call.request_id):
            return reply, call
    use = dialect.cache_use(ask, key, state)
    if exceeded := state.limits.take(key, ask.model.name, dialect.needs(ask, use)):
        reply = _over_limit(dialect, exceeded, ask, key, state, call.request_id)
        return reply, replace(call, fault="limit_" + exceeded.kind)
    try:
        reply, call = _answered(dialect, state, ask, question, coming, key, use, call)
    except UnknownText as error:
        refusal = VendorError(400, "invalid_request_error", f"emulator: {error}")
        return dialect.error(refusal, call.request_id), replace(call, error=refusal.message)
    return reply, call


def billed(call: Call, use: CacheUse, written: Written) -> Call:
    return replace(
        call,
        input_tokens=use.total,
        cache_read_tokens=use.read,
        cache_write_tokens=use.written,
        output_tokens=written.output_tokens,
        reasoning_tokens=written.reasoning_tokens,
    )


def _body(dialect: Dialect, request: Request) -> Any:
    if len(request.body) > MAX_BODY_BYTES:
        raise dialect.wordings[Fault.TOO_LARGE].error()
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise VendorError(
            400, "invalid_request_error", "We could not parse the JSON body of your request."
        ) from None
    if not isinstance(body, dict):
        raise VendorError(400, "invalid_request_error", "The body must be a JSON object.")
    return body


def reply_of_fault(
    dialect: Dialect, coming: Injection, ask: Ask, key: str, request_id: str
) -> Reply | None:
    """The reply, where the fault leaves no answer to write."""
    if coming.fault is Fault.TIMEOUT:
        return Reply(0, b"", cut=Cut.HANG)
    if coming.fault is Fault.RESET:
        return Reply(0, b"", cut=Cut.RESET)
    if coming.fault is Fault.BAD_GATEWAY:
        return Reply(502, BAD_GATEWAY_PAGE, {"content-type": "text/html"})
    if coming.fault is Fault.ECHOING_ERROR:
        message = f"emulator: could not process: {ask.user[:400]} (key {key})"
        return dialect.error(VendorError(400, "invalid_request_error", message), request_id)
    wording = dialect.wordings.get(coming.fault)
    if wording is None:
        return None
    error = wording.error(model=ask.model.name, key=masked(key))
    if coming.retry_after is not None and wording.status in (429, 503, 529):
        error.headers["retry-after"] = f"{coming.retry_after:g}"
    return dialect.error(error, request_id)


def _over_limit(
    dialect: Dialect, exceeded: Exceeded, ask: Ask, key: str, state: State, request_id: str
) -> Reply:
    error = dialect.wordings[Fault.RATE_LIMIT].error(model=ask.model.name)
    error.message += f" Limit: {exceeded.limit} {exceeded.kind} per minute."
    seconds = state.clock.in_real_seconds(exceeded.retry_after)
    error.headers["retry-after"] = str(max(1, math.ceil(seconds)))
    error.headers |= _limit_headers(dialect, ask, key, state)
    return dialect.error(error, request_id)


def _limit_headers(dialect: Dialect, ask: Ask, key: str, state: State) -> dict[str, str]:
    standings = [
        standing
        for standing in state.limits.standings(key, ask.model.name)
        if standing.kind in dialect.limit_kinds
    ]
    return dialect.limit_headers(standings, state)


def _answered(
    dialect: Dialect,
    state: State,
    ask: Ask,
    question: Question,
    coming: Injection | None,
    key: str,
    use: CacheUse,
    call: Call,
) -> tuple[Reply, Call]:
    fault = coming.fault if coming else None
    written = written_answer(state, ask, question, fault)
    seconds = state.profile.latency.seconds(
        question.drawn(state.judge.seed, "latency"), question.items, written.output_tokens
    )
    state.clock.wait(seconds, state.stopping)
    # The answer begins: from now on others may read what this call wrote to the cache.
    state.cache.keep(use.kept, state.clock.now())
    state.limits.settle(key, ask.model.name, dialect.settlement(ask, use, written.output_tokens))
    call = billed(call, use, written)
    reply = dialect.answer(ask, written, use, call.request_id)
    reply = replace(reply, headers={**reply.headers, **_limit_headers(dialect, ask, key, state)})
    if fault is Fault.MALFORMED_BODY:
        reply = replace(reply, body=reply.body[: len(reply.body) // 2])
    elif fault is Fault.CUT_OFF:
        reply = replace(reply, cut=Cut.CUT_OFF)
    return reply, call


def written_answer(state: State, ask: Ask, question: Question, fault: Fault | None) -> Written:
    if ask.max_tokens == 0:
        return Written("", "max_tokens", 0, 0)
    if fault is Fault.REFUSAL:
        return Written("", "refusal", min(_REFUSAL_TOKENS, ask.max_tokens), 0)
    text = answer_text(state.judge, state.profile, state.with_occasions(question), fault)
    reasoning = min(REASONING_PER_ITEM[ask.effort] * question.items, ask.max_tokens)
    stop: Stop = "end"
    if fault is Fault.TRUNCATED:
        stop, text = "max_tokens", text[: int(len(text) * _TRUNCATED_TO)]
    if reasoning + count_tokens(text) > ask.max_tokens:
        stop, text = "max_tokens", text[: chars_within(text, ask.max_tokens - reasoning)]
    return Written(text, stop, reasoning + count_tokens(text), reasoning)


_SAMPLE: Final = {
    "comparisons": [{"item": "c1", "winner": "first", "confidence": 3, "justification": "Clearer."}]
}


def check_answerable(schema: Mapping[str, Any] | None) -> None:
    """Raise VendorError for a schema that the judge's answer does not have."""
    if schema is not None and not _fits(json.dumps(schema, sort_keys=True)):
        raise VendorError(
            400, "invalid_request_error", "emulator: the judge writes answers of another schema"
        )


@lru_cache(maxsize=64)
def _fits(schema: str) -> bool:
    try:
        jsonschema.validate(_SAMPLE, json.loads(schema))
    except (jsonschema.ValidationError, jsonschema.SchemaError):
        return False
    return True
