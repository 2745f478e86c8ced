"""The body of a request in one shape, whether it came as JSON or as a form with files."""

import json
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import QueryDict
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.request import Request

from assessment.api.problems import TooLarge

# Files beyond a few megabytes go to disk, so a form with files may be larger than a JSON body.
MAX_FORM_BYTES = 256 * 1024 * 1024
FILE_LISTS = ("students", "anchors")
JSON_FIELDS = ("essays", "pairs", "judges", "batch_config_overrides", "llm_config_overrides")


def payload_of(request: Request) -> object:
    """What was sent, as the JSON that it is or would be.

    In a form the nested fields are JSON text, and `students` and `anchors` may be written with
    brackets. Raises TooLarge, ParseError, or ValidationError for a field that is not JSON.
    """
    if is_form(request) and int(request.META.get("CONTENT_LENGTH") or 0) > MAX_FORM_BYTES:
        raise _too_large(MAX_FORM_BYTES)
    data = _parsed(request)
    return _from_form(data) if isinstance(data, QueryDict) else data


def is_form(request: Request) -> bool:
    return (request.content_type or "").startswith("multipart/")


def _parsed(request: Request) -> object:
    try:
        return request.data
    except RequestDataTooBig:
        raise _too_large(settings.DATA_UPLOAD_MAX_MEMORY_SIZE) from None
    except SuspiciousOperation:
        limit = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        raise ParseError(f"The request has too many parts: at most {limit:,} files.") from None
    except RecursionError:
        raise ParseError("The JSON is nested too deeply.") from None


def _from_form(data: QueryDict) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    problems: dict[str, list[str]] = {}
    for key in data:
        field = key.removesuffix("[]")
        value = data.getlist(key)[-1]
        if field in FILE_LISTS:
            payload.setdefault(field, []).extend(data.getlist(key))
        elif isinstance(value, str) and _is_json(key, value):
            try:
                payload[key] = json.loads(value, parse_constant=_refuse_constant)
            except (ValueError, RecursionError) as error:
                problems[key] = [
                    f"Not valid JSON{_place(error)}. In a form this field is JSON text."
                ]
        else:
            payload[key] = value
    if problems:
        raise ValidationError(problems)
    return payload


def _is_json(field: str, value: str) -> bool:
    return field in JSON_FIELDS or (field == "grade_scale" and value.lstrip().startswith("["))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _place(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f" at line {error.lineno}, column {error.colno}"
    return ""


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"The request is larger than the {limit:,} bytes allowed. "
        "Send the essays as smaller files, or as plain text."
    )
