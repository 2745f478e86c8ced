"""Which schemas each vendor takes."""

import pytest

from llmprovider.emulator.schemas import anthropic_problem, openai_problem
from llmprovider.prompting.prompts import ANSWER_SCHEMA


def thing(**properties):
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def test_both_take_the_schema_that_we_send():
    assert anthropic_problem(ANSWER_SCHEMA) is None
    assert openai_problem(ANSWER_SCHEMA) is None


def test_each_takes_what_the_other_sdk_would_write():
    optional = thing(a={"type": "string"}) | {"required": []}
    assert anthropic_problem(optional) is None and openai_problem(optional)
    bounded = thing(a={"type": "integer", "minimum": 1})
    assert anthropic_problem(bounded) and openai_problem(bounded) is None


@pytest.mark.parametrize(
    "schema",
    [
        thing(a={"type": "string", "maxLength": 9}),
        thing(a={"type": "object", "properties": {}}),
        thing(a={"type": "text"}),
        thing(a={}),
        thing(a={"type": "array", "items": {"type": "string", "minLength": 1}}),
        thing(a={"anyOf": [{"type": "string"}, {"oneOf": []}]}),
        thing(a={"type": "array", "items": {"type": "string"}, "uniqueItems": True}),
        {**thing(), "$defs": {"x": {"type": "object"}}},
    ],
)
def test_both_refuse(schema):
    assert anthropic_problem(schema)
    assert openai_problem(schema)


@pytest.mark.parametrize("least", [0, 1, 2])
def test_anthropic_takes_lists_of_at_least_none_or_one(least):
    schema = thing(a={"type": "array", "items": {"type": "string"}, "minItems": least})
    assert (anthropic_problem(schema) is None) == (least < 2)


def test_openai_wants_an_object():
    assert openai_problem({"type": "array", "items": {"type": "string"}})
