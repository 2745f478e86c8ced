"""What OpenAI's two endpoints have in common: keys, checks, cache, limits, errors."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from llmprovider.emulator.faults import Fault
from llmprovider.emulator.http_messages import Reply, json_reply
from llmprovider.emulator.judging import Ask, check_answerable
from llmprovider.emulator.payloads import Mistake
from llmprovider.emulator.prefix_caches import CacheUse, automatic_use, explicit_use
from llmprovider.emulator.schemas import openai_problem
from llmprovider.emulator.states import State
from llmprovider.emulator.token_counts import count_tokens
from llmprovider.emulator.vendor_errors import OPENAI, VendorError, Wording
from llmprovider.emulator.vendor_limits import Standing
from llmprovider.emulator.vendor_models import VendorModel, openai_model

MAX_METADATA: Final = 16
_LIFETIMES: Final = {"30m": 1800.0, "12h": 12 * 3600.0, "24h": 24 * 3600.0, "in_memory": 600.0}
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_CODES: Final = {
    "extra_forbidden": ("unknown_parameter", "Unknown parameter: '{path}'."),
    "missing": ("missing_required_parameter", "Missing required parameter: '{path}'."),
    "literal_error": ("invalid_value", "Invalid value for '{path}': {message}."),
}


@dataclass(frozen=True)
class Piece:
    """One piece of the input in its order; `lifetime` marks an explicit cache breakpoint."""

    text: str = field(repr=False)
    lifetime: float | None = None


class OpenAIDialect(ABC):
    """The part of a dialect that responses and chat completions share."""

    wordings: Mapping[Fault, Wording] = OPENAI
    limit_kinds = frozenset({"requests", "tokens"})

    def key(self, headers: Mapping[str, str]) -> str:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise VendorError(
                401,
                "invalid_request_error",
                "You didn't provide an API key. You need to provide your API key in an "
                "Authorization header using Bearer auth.",
            )
        return token.strip()

    @abstractmethod
    def pieces(self, body: Mapping[str, Any]) -> list[Piece]:
        """The input of a request in the order in which it is cached."""

    def cache_use(self, ask: Ask, key: str, state: State) -> CacheUse:
        pieces, now = self.pieces(ask.payload), state.clock.now()
        scope = f"openai\0{key}\0{ask.model.name}"
        options = ask.payload.get("prompt_cache_options") or {}
        explicit = options.get("mode") == "explicit"
        lifetime = lifetime_of(ask)
        if explicit or any(piece.lifetime for piece in pieces):
            blocks = [(piece.text, piece.lifetime) for piece in pieces]
            if not explicit:
                blocks[-1] = (pieces[-1].text, pieces[-1].lifetime or lifetime)
            return explicit_use(state.cache, scope, blocks, now)
        return automatic_use(
            state.cache,
            scope,
            "\0".join(piece.text for piece in pieces),
            lifetime,
            bills_writes=ask.model.bills_cache_writes,
            now=now,
        )

    def needs(self, ask: Ask, use: CacheUse) -> dict[str, float]:
        return {"requests": 1, "tokens": use.total + ask.max_tokens}

    def settlement(self, ask: Ask, use: CacheUse, output_tokens: int) -> dict[str, float]:
        return {"tokens": output_tokens - ask.max_tokens}

    def limit_headers(self, standings: list[Standing], state: State) -> dict[str, str]:
        headers = {}
        for standing in standings:
            reset = state.clock.in_real_seconds(standing.reset)
            headers[f"x-ratelimit-limit-{standing.kind}"] = str(standing.limit)
            headers[f"x-ratelimit-remaining-{standing.kind}"] = str(standing.remaining)
            headers[f"x-ratelimit-reset-{standing.kind}"] = go_duration(reset)
        return headers

    def error(self, error: VendorError, request_id: str) -> Reply:
        body = {
            "error": {
                "message": error.message,
                "type": error.error_type,
                "param": error.param,
                "code": error.code,
            }
        }
        return json_reply(error.status, body, {"x-request-id": request_id, **error.headers})


def go_duration(seconds: float) -> str:
    """Seconds as Go writes a duration, which is how the vendor's headers do: 12ms, 1.5s, 6m0s."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    shown = f"{rest:.3f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{int(hours)}h{int(minutes)}m{shown}"
    return f"{int(minutes)}m{shown}" if minutes else shown


def invalid(message: str, code: str | None = None, param: str | None = None) -> VendorError:
    return VendorError(400, "invalid_request_error", message, code=code, param=param)


def of_mistake(mistake: Mistake) -> VendorError:
    code, message = _CODES.get(
        mistake.kind, ("invalid_type", "Invalid type for '{path}': {message}.")
    )
    # The vendor writes input[0].role.
    path = re.sub(r"\.(\d+)", r"[\1]", mistake.path)
    return invalid(message.format(path=path, message=mistake.message), code, path)


def model_for(body: Mapping[str, Any], state: State, *, chat: bool) -> VendorModel:
    model = openai_model(body["model"], chat=chat)
    if model is None and body["model"] in state.extra_models:
        model = VendorModel(body["model"], 32_768, 128_000)
    if model is None:
        raise OPENAI[Fault.UNKNOWN_MODEL].error(model=body["model"])
    return model


def check_metadata(body: Mapping[str, Any]) -> None:
    metadata = body.get("metadata") or {}
    if len(metadata) > MAX_METADATA:
        raise invalid("Too many metadata pairs: at most 16.", "too_many_properties", "metadata")
    if any(len(key) > 64 or len(value) > 512 for key, value in metadata.items()):
        raise invalid(
            "Metadata keys have at most 64 characters, values 512.", "string_above_max_length",
            "metadata",
        )  # fmt: skip


def check_sampling(body: Mapping[str, Any], model: VendorModel, effort: str) -> None:
    """Sampling parameters go only with models that do not reason, or reason not at all."""
    for name in ("temperature", "top_p"):
        value = body.get(name)
        if value is None:
            continue
        if not model.temperature or (model.efforts and effort != "none"):
            raise invalid(
                f"Unsupported parameter: '{name}' is not supported with this model.",
                "unsupported_parameter",
                name,
            )
        if not 0 <= value <= (2 if name == "temperature" else 1):
            raise invalid(f"Invalid '{name}': decimal out of range.", "decimal_out_of_range", name)


def effort_for(given: str | None, model: VendorModel, param: str) -> str:
    if given is None:
        return model.default_effort
    if not model.efforts:
        raise invalid(
            f"Unsupported parameter: '{param}' is not supported with this model.",
            "unsupported_parameter",
            param,
        )
    if given not in model.efforts:
        values = ", ".join(f"'{effort}'" for effort in model.efforts)
        raise invalid(
            f"Unsupported value: '{given}' is not supported with the '{model.name}' model. "
            f"Supported values are: {values}.",
            "unsupported_value",
            param,
        )
    return given


def check_verbosity(given: str | None, model: VendorModel, param: str) -> None:
    if given not in (None, "medium") and not model.verbosity:
        raise invalid(
            f"Unsupported value: '{given}' is not supported with the '{model.name}' model. "
            "Supported values are: 'medium'.",
            "unsupported_value",
            param,
        )


def checked_schema(stated: Mapping[str, Any] | None, param: str) -> Mapping[str, Any] | None:
    """The schema of a `json_schema` format: its name, its strict form, and that we can write it."""
    if stated is None:
        return None
    if not _NAME.fullmatch(stated["name"]):
        raise invalid(
            f"Invalid '{param}.name': string does not match pattern '^[a-zA-Z0-9_-]{{1,64}}$'.",
            "invalid_value",
            f"{param}.name",
        )
    schema: Mapping[str, Any] = stated.get("schema", {})
    if stated.get("strict") and (problem := openai_problem(schema)):
        raise invalid(
            f"Invalid schema for response_format '{stated['name']}': {problem}",
            "invalid_json_schema",
            f"{param}.schema",
        )
    check_answerable(schema)
    return schema


def checked_max_tokens(given: int | None, model: VendorModel, param: str) -> int:
    """The bound on the output. The vendor's own default is the model's."""
    if given is None:
        return model.max_output_tokens
    if given < 16:
        raise invalid(
            f"Invalid '{param}': integer below minimum value. Expected a value >= 16, but got "
            f"{given} instead.",
            "integer_below_min_value",
            param,
        )
    if given > model.max_output_tokens:
        raise invalid(
            f"Invalid '{param}': integer above maximum value. Expected a value <= "
            f"{model.max_output_tokens}, but got {given} instead.",
            "integer_above_max_value",
            param,
        )
    return given


def check_caching(body: Mapping[str, Any], model: VendorModel, pieces: Sequence[Piece]) -> None:
    used = body.get("prompt_cache_options") or any(piece.lifetime for piece in pieces)
    if used and not model.bills_cache_writes:
        raise invalid(
            "Unsupported parameter: 'prompt_cache_options' is not supported with this model.",
            "unsupported_parameter",
            "prompt_cache_options",
        )


def check_context(pieces: Sequence[Piece], model: VendorModel) -> None:
    size = sum(count_tokens(piece.text) for piece in pieces)
    if size > model.context_window:
        raise invalid(
            "Your input exceeds the context window of this model. Please adjust your input and "
            "try again.",
            "context_length_exceeded",
            "input",
        )


def lifetime_of(ask: Ask) -> float:
    """Seconds that the request's cache entries live."""
    options = ask.payload.get("prompt_cache_options") or {}
    retention = ask.payload.get("prompt_cache_retention")
    if "ttl" in options:
        return _LIFETIMES[options["ttl"]]
    if retention:
        return _LIFETIMES[retention]
    return _LIFETIMES["30m" if ask.model.bills_cache_writes else "in_memory"]


def breakpoint_lifetime(part: Mapping[str, Any], options: Mapping[str, Any]) -> float | None:
    mark = part.get("prompt_cache_breakpoint")
    return _LIFETIMES[mark.get("ttl") or options.get("ttl") or "30m"] if mark else None


def schema_piece(schema: Mapping[str, Any] | None) -> list[Piece]:
    """A schema is part of the input, and comes before everything else."""
    return [Piece(json.dumps(schema, separators=(",", ":")))] if schema else []
