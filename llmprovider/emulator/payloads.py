"""Request bodies, checked against the installed SDKs' own types with nothing extra allowed.

Where those types allow much that judging never needs (images, tools, files), they are narrowed to
text: what the emulator does not emulate, it refuses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Literal, Required

from anthropic.types import TextBlockParam
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from openai.types.chat import ChatCompletionContentPartTextParam
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.responses import ResponseInputTextParam
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from pydantic_core import ErrorDetails
from typing_extensions import TypedDict

_STRICT: Final = ConfigDict(extra="forbid", strict=True)


class _AnthropicMessage(TypedDict, total=False):
    role: Required[Literal["user", "assistant", "system"]]
    content: Required[str | list[TextBlockParam]]


class _ResponsesMessage(TypedDict, total=False):
    role: Required[Literal["user", "assistant", "system", "developer"]]
    content: Required[str | list[ResponseInputTextParam]]
    type: Literal["message"]


class _ChatMessage(TypedDict, total=False):
    role: Required[Literal["developer", "system", "user", "assistant"]]
    content: Required[str | list[ChatCompletionContentPartTextParam]]
    name: str


# Subclasses, since the SDKs' classes are not ours to configure.
@with_config(_STRICT)
class _Messages(MessageCreateParamsNonStreaming, total=False):
    messages: Required[list[_AnthropicMessage]]  # type: ignore[misc]
    system: str | list[TextBlockParam]  # type: ignore[misc]


@with_config(_STRICT)
class _Responses(ResponseCreateParamsNonStreaming, total=False):
    model: Required[str]  # type: ignore[misc]
    input: Required[str | list[_ResponsesMessage]]  # type: ignore[misc]


@with_config(_STRICT)
class _Chat(CompletionCreateParamsNonStreaming, total=False):
    messages: Required[list[_ChatMessage]]  # type: ignore[misc]


_TYPES: Final[Mapping[str, Any]] = MappingProxyType(
    {"messages": _Messages, "responses": _Responses, "chat": _Chat}
)
# In the SDK's types because the SDK sends them as headers.
_SENT_AS_HEADERS: Final = frozenset({"user_profile_id", "workspace_id"})


@dataclass(frozen=True)
class Mistake:
    """The first thing wrong with a body: where (`messages.0.role`), of which kind, the message.

    `kind` is pydantic's: extra_forbidden, missing, literal_error, ... No text of a body is quoted.
    """

    path: str
    kind: str
    message: str


@cache
def _adapter(endpoint: str) -> TypeAdapter[Any]:
    return TypeAdapter(_TYPES[endpoint])


def mistake_in(endpoint: str, body: Mapping[str, Any]) -> Mistake | None:
    """What the type for this endpoint (messages, responses, chat) does not allow in the body."""
    if endpoint == "messages" and (headers := _SENT_AS_HEADERS & set(body)):
        return Mistake(min(headers), "extra_forbidden", "Extra inputs are not permitted")
    try:
        _adapter(endpoint).validate_python(body)
    except ValidationError as error:
        return _likeliest(
            error.errors(include_url=False, include_context=False, include_input=False)
        )
    return None


def _likeliest(details: list[ErrorDetails]) -> Mistake:
    """Of a union's branches, the one the value was meant for: where its role or type fits."""
    foreign = {_branch(detail) for detail in details if _tells_branches_apart(detail)}
    meant = [detail for detail in details if _branch(detail) not in foreign]
    worst = meant[0] if meant else max(details, key=lambda detail: len(_place(detail)))
    return Mistake(".".join(_place(worst)), worst["type"], worst["msg"])


def _tells_branches_apart(detail: ErrorDetails) -> bool:
    place = _place(detail)
    if detail["type"] in ("string_type", "none_required") and len(_names(detail)) > 0:
        return True  # the branch for a plain string, tried on something else
    return detail["type"] == "literal_error" and place[-1] in ("type", "role", "mode")


def _branch(detail: ErrorDetails) -> tuple[str, ...]:
    return (*_place(detail)[:1], *_names(detail))


def _names(detail: ErrorDetails) -> list[str]:
    """The names of the types that pydantic tried."""
    return [part for part in detail["loc"] if isinstance(part, str) and not _is_field(part)]


def _place(detail: ErrorDetails) -> list[str]:
    return [str(part) for part in detail["loc"] if isinstance(part, int) or _is_field(part)]


def _is_field(part: str) -> bool:
    return part.replace("_", "").isalnum() and part[:1].islower() and part not in ("str", "none")
