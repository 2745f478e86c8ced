"""Reading a request's body, within limits, before it is looked at."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import QueryDict
from rest_framework import parsers
from rest_framework.exceptions import ParseError, ValidationError

from assessment.api.problems import TooLarge

# Files beyond a few megabytes go to disk, so a request of files may be larger than one of JSON.
MAX_MULTIPART_BYTES = 256 * 1024 * 1024
FILE_LISTS = ("students", "anchors")
JSON_FIELDS = ("essays", "judges", "batch_config_overrides", "llm_config_overrides")


class LimitedJSONParser(parsers.JSONParser):
    """The framework's parser reads JSON of any size; this one first asks how much there is."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        _check_length(parser_context, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None


class LimitedMultiPartParser(parsers.MultiPartParser):
    """Too many files or fields are the caller's mistake and are answered as one."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        _check_length(parser_context, MAX_MULTIPART_BYTES)
        try:
            return super().parse(stream, media_type, parser_context)
        except RequestDataTooBig:
            limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            raise TooLarge(f"The fields besides the files exceed {limit:,} bytes.") from None
        except SuspiciousOperation:
            limit = settings.DATA_UPLOAD_MAX_NUMBER_FILES
            raise ParseError(
                f"The request has too many parts: at most {limit:,} files."
            ) from None


def payload_of(data: object) -> object:
    """Body of a request in one shape, whether it came as JSON or as a form.

    In a form the nested fields are JSON text, and `students` and `anchors` may be written with
    brackets. Raises ValidationError for a field that is not JSON.
    """
    if not isinstance(data, QueryDict):
        return data
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


def _check_length(context: Mapping[str, Any] | None, limit: int) -> None:
    request = (context or {}).get("request")
    if request is None:
        return
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > limit:
        raise TooLarge(
            f"The request has {length:,} bytes, at most {limit:,} are taken. "
            "Send the essays in several batches, or as smaller files."
        )
