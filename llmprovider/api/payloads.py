"""What came in a request: its body as JSON, the hash of it, and the caller's key."""

import hashlib
import json

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.request import Request

from llmprovider.api.problems import TooLarge
from llmprovider.contracts.idempotency_keys import KEY_HEADER, KEY_RULE, is_key

_TOO_DEEP = "The JSON is nested too deeply."


def payload_of(request: Request) -> object:
    """The body's JSON. Raises TooLarge, ParseError."""
    try:
        payload: object = request.data
    except RequestDataTooBig:
        raise TooLarge(
            f"The request is larger than the {settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,} bytes "
            "allowed. Ask for fewer comparisons at once."
        ) from None
    except RecursionError:
        raise ParseError(_TOO_DEEP) from None
    return payload


def digest_of(payload: object) -> str:
    """Equal for equal JSON, however its fields are ordered and spaced."""
    try:
        written = json.dumps(payload, sort_keys=True)
    except RecursionError:
        raise ParseError(_TOO_DEEP) from None
    return hashlib.sha256(written.encode()).hexdigest()


def key_of(request: Request) -> str:
    """The idempotency key; empty where none is given. Raises ValidationError for a bad one."""
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return ""
    if not is_key(key):
        raise ValidationError({KEY_HEADER: [KEY_RULE]})
    return key
