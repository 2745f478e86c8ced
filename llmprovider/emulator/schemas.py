"""What each vendor refuses in a JSON schema for structured output."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

_TYPES: Final = frozenset({"object", "array", "string", "integer", "number", "boolean", "null"})

_ANTHROPIC_FORMATS: Final = frozenset(
    "date-time time date duration email hostname uri ipv4 ipv6 uuid".split()
)
_ANTHROPIC_COMMON: Final = frozenset(
    "type enum const anyOf allOf $ref $defs definitions default description title".split()
)
_ANTHROPIC_BY_TYPE: Final[Mapping[str, frozenset[str]]] = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems"}),
    "string": frozenset({"format"}),
}

_OPENAI_COMMON: Final = frozenset(
    "type enum const anyOf $ref $defs definitions default description title".split()
)
_OPENAI_BY_TYPE: Final[Mapping[str, frozenset[str]]] = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "string": frozenset({"pattern", "format"}),
    "integer": frozenset(
        {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    ),
    "number": frozenset(
        {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    ),
}


def anthropic_problem(schema: Mapping[str, Any]) -> str | None:
    """The vendor's complaint about a schema for `output_config.format`; None if it takes it."""
    for _, part in _parts(schema, ()):
        if (bad := _bad_type(part)) is not None:
            return bad
        kinds = _kinds(part)
        shown = ", ".join(repr(kind) for kind in kinds) or "untyped"
        allowed = _ANTHROPIC_COMMON.union(*(_ANTHROPIC_BY_TYPE.get(kind, ()) for kind in kinds))
        if unknown := sorted(set(part) - allowed):
            return f"For {shown} type, properties {', '.join(unknown)} are not supported"
        if "object" in kinds and part.get("additionalProperties") is not False:
            return "For 'object' type, 'additionalProperties' must be explicitly set to false"
        if part.get("minItems", 0) not in (0, 1):
            return "For 'array' type, 'minItems' values other than 0 or 1 are not supported"
        if "format" in part and part["format"] not in _ANTHROPIC_FORMATS:
            return f"For 'string' type, format {part['format']!r} is not supported"
        if not kinds and not {"enum", "const", "anyOf", "allOf", "$ref"} & set(part):
            return "A schema without a type must have an enum, const, anyOf, allOf or $ref"
    return None


def openai_problem(schema: Mapping[str, Any]) -> str | None:
    """The vendor's complaint about a strict schema; None if it takes it."""
    if schema.get("type") != "object":
        return f"schema must be a JSON Schema of 'type: \"object\"', got {schema.get('type')!r}."
    for path, part in _parts(schema, ()):
        context = f"In context={path!r}, "
        if (bad := _bad_type(part)) is not None:
            return context + bad
        kinds = _kinds(part)
        allowed = _OPENAI_COMMON.union(*(_OPENAI_BY_TYPE.get(kind, ()) for kind in kinds))
        if unknown := sorted(set(part) - allowed):
            return f"{context}'{unknown[0]}' is not permitted."
        if not kinds and not {"enum", "const", "anyOf", "$ref"} & set(part):
            return f"{context}schema must have a 'type' key."
        if "object" not in kinds:
            continue
        if part.get("additionalProperties") is not False:
            return f"{context}'additionalProperties' is required to be supplied and to be false."
        properties, required = set(part.get("properties", {})), set(part.get("required", []))
        if missing := sorted(properties - required):
            return (
                f"{context}'required' is required to be supplied and to be an array including "
                f"every key in properties. Missing '{missing[0]}'."
            )
        if extra := sorted(required - properties):
            return f"{context}'required' names '{extra[0]}', which is not in properties."
    return None


def _parts(schema: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """The schema and every schema inside it, each with where it stands."""
    if not isinstance(schema, dict):
        yield path, {"type": schema}  # refused as a type, wherever it stands
        return
    yield path, schema
    for key in ("properties", "$defs", "definitions"):
        values = schema.get(key)
        for name, inner in values.items() if isinstance(values, dict) else ():
            yield from _parts(inner, (*path, key, name))
    if "items" in schema:
        yield from _parts(schema["items"], (*path, "items"))
    for key in ("anyOf", "allOf"):
        for at, inner in enumerate(schema.get(key, ())):
            yield from _parts(inner, (*path, key, str(at)))


def _kinds(part: Mapping[str, Any]) -> list[str]:
    given = part.get("type")
    return given if isinstance(given, list) else [] if given is None else [given]


def _bad_type(part: Mapping[str, Any]) -> str | None:
    for kind in _kinds(part):
        if not isinstance(kind, str) or kind not in _TYPES:
            return "the schema has a type that JSON Schema does not know"
    return None
