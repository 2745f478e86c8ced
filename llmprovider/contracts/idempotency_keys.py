"""Idempotency keys: what a caller names a request by, so that sent twice it is done once."""

import hashlib
import json
from collections.abc import Callable

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.request import Request

KEY_HEADER = "Idempotency-Key"
MAX_KEY_CHARS = 200
TOO_DEEP = "The JSON is nested too deeply."


def key_parameter(given: str) -> OpenApiParameter:
    """The header in an API's description; `given`: what a repeated request gives again."""
    return OpenApiParameter(
        KEY_HEADER,
        str,
        OpenApiParameter.HEADER,
        description=f"1 to {MAX_KEY_CHARS} characters of your own. Sent again with the same body, "
        f"it gives the same {given} and nothing is judged or billed twice.",
    )


def key_of(request: Request) -> str:
    """The request's key; empty where none is given. Raises ValidationError for a bad one."""
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return ""
    if not (0 < len(key) <= MAX_KEY_CHARS and key.isascii() and key.isprintable()):
        rule = f"Give 1 to {MAX_KEY_CHARS} printable ASCII characters, or no key."
        raise ValidationError({KEY_HEADER: [rule]})
    return key


def digest_of(payload: object, plainly: Callable[[object], object] | None = None) -> str:
    """Equal for equal JSON, however its fields are ordered and spaced. Raises ParseError.

    `plainly` says in JSON what is none, such as a file.
    """
    try:
        written = json.dumps(payload, sort_keys=True, default=plainly)
    except RecursionError:
        raise ParseError(TOO_DEEP) from None
    return hashlib.sha256(written.encode()).hexdigest()
