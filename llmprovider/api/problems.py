"""What is wrong with a request for comparisons: {field: [message]}, never a value that was sent."""

from collections.abc import Sequence

from pydantic import BaseModel, ValidationError
from rest_framework.exceptions import APIException
from rest_framework.status import (
    HTTP_409_CONFLICT,
    HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    HTTP_503_SERVICE_UNAVAILABLE,
)

MAX_MESSAGES = 20
_GENERAL = "non_field_errors"
_WORDS = {
    "extra_forbidden": "There is no such field.",
    "missing": "This field is required.",
}


class Conflict(APIException):
    """The request is not in a state, or the key not free, for this."""

    status_code = HTTP_409_CONFLICT
    default_code = "conflict"


class TooLarge(APIException):
    """The body is larger than allowed."""

    status_code = HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class Busy(APIException):
    """The queue is full. `wait`, in seconds, becomes the header Retry-After."""

    status_code = HTTP_503_SERVICE_UNAVAILABLE
    default_code = "queue_full"
    wait = 60.0


def of_pydantic(error: ValidationError, shape: type[BaseModel]) -> dict[str, list[str]]:
    """Messages by field of the request, the place inside it named in each message."""
    found: dict[str, list[str]] = {}
    for one in error.errors(include_input=False, include_url=False, include_context=False):
        field, *inside = map(_writable, one["loc"] or (_GENERAL,))
        message = _WORDS.get(one["type"], one["msg"].removeprefix("Value error, "))
        if one["type"] == "extra_forbidden" and not inside:
            message += f" Use: {', '.join(shape.model_fields)}."
        found.setdefault(str(field)[:100], []).append(_placed(str(field), inside, message))
    return {field: _shortened(messages) for field, messages in found.items()}


def _writable(part: str | int) -> str | int:
    """A field's name may hold half a character, which no answer can be encoded with."""
    return part.encode("utf-8", "backslashreplace").decode() if isinstance(part, str) else part


def _placed(field: str, inside: Sequence[str | int], message: str) -> str:
    words = [
        f"{field.removesuffix('s')} {part + 1}" if isinstance(part, int) else part[:100]
        for part in inside
    ]
    return f"{', '.join(words)}: {message}" if words else message


def _shortened(messages: list[str]) -> list[str]:
    if len(messages) <= MAX_MESSAGES:
        return messages
    return [*messages[:MAX_MESSAGES], f"and {len(messages) - MAX_MESSAGES} more of this kind"]
