"""What is wrong with a request: {field: [message]}, each message naming the essay or row."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError as PydanticError
from rest_framework.exceptions import APIException
from rest_framework.status import HTTP_409_CONFLICT, HTTP_413_REQUEST_ENTITY_TOO_LARGE

from assessment.lifecycle.creating.specs import (
    BatchConfigOverrides,
    BatchRefused,
    BatchSpec,
    LLMConfigOverrides,
)

# Fields of the request that hold fields of their own.
_NESTED = {
    "batch_config_overrides": BatchConfigOverrides.model_fields,
    "llm_config_overrides": LLMConfigOverrides.model_fields,
}
_GENERAL = "non_field_errors"


class Conflict(APIException):
    """The batch is not in a state in which this can be done."""

    status_code = HTTP_409_CONFLICT
    default_code = "conflict"


class TooLarge(APIException):
    """The request holds more than one batch may."""

    status_code = HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


def of_serializer(errors: Mapping[str, Any], asked: object) -> dict[str, list[str]]:
    """A serializer's nested errors under the request's own fields; `asked` is what was sent."""
    given = asked if isinstance(asked, Mapping) else {}
    return {
        writable(field): [
            writable(message) for message in _messages(field, errors[field], given.get(field))
        ]
        for field in errors
    }


def writable(words: str) -> str:
    """A name that was sent may hold half a character, which no answer can be encoded with."""
    return words.encode("utf-8", "backslashreplace").decode()


def of_refusal(refused: BatchRefused) -> dict[str, list[str]]:
    """The field that a batch was refused for; one inside an override is named in the message."""
    for outer, fields in _NESTED.items():
        if refused.field in fields and refused.field not in BatchSpec.model_fields:
            return {outer: [f"{refused.field}: {refused.problem}"]}
    return {refused.field: [refused.problem]}


def of_pydantic(error: PydanticError) -> list[str]:
    """Messages of a model's errors, without the values, which may be essay text."""
    return [
        ": ".join([*map(str, found["loc"]), found["msg"].removeprefix("Value error, ")])
        for found in error.errors(include_input=False, include_url=False, include_context=False)
    ]


def _messages(field: str, detail: Any, asked: object) -> Iterator[str]:
    """`detail` is a list of messages, or of one entry per item, or {index or key: entry}."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            if isinstance(key, int):
                yield from _of_item(field, key, inner, asked)
            else:
                yield from _plain(inner, "" if key == _GENERAL else f"{key}: ")
    elif any(isinstance(entry, Mapping) for entry in detail):
        for index, inner in enumerate(detail):
            if inner:
                yield from _of_item(field, index, inner, asked)
    else:
        yield from map(str, detail)


def _of_item(field: str, index: int, detail: Any, asked: object) -> Iterator[str]:
    where = f"{field.removesuffix('s')} {index + 1}"
    item = asked[index] if isinstance(asked, list) and index < len(asked) else None
    if isinstance(item, Mapping) and isinstance(item.get("name"), str):
        where += f" ({item['name'][:200]})"
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            yield from _plain(inner, f"{where}: " if key == _GENERAL else f"{where}, {key}: ")
    else:
        yield from _plain(detail, f"{where}: ")


def _plain(detail: Any, where: str) -> Iterator[str]:
    for message in detail if isinstance(detail, list) else [detail]:
        yield f"{where}{message}"
