"""What OpenAI's two endpoints refuse."""

from copy import deepcopy

import openai
import pytest

from llmprovider.prompting.prompts import ANSWER_SCHEMA
from tests.integration.emulator.calls import GPT, chat_body, gpt, post, prompt, response_body

RESPONSES, CHAT = "/v1/responses", "/v1/chat/completions"


def schema(**changes) -> dict:
    return deepcopy(dict(ANSWER_SCHEMA)) | changes


def text(**changes) -> dict:
    form = {"type": "json_schema", "name": "v", "schema": schema(), "strict": True}
    return {"text": {"format": form | changes}}


def part(**more) -> dict:
    return {"input": [{"role": "user", "content": [{"type": "input_text", "text": "x", **more}]}]}


REFUSED = {
    "unknown field": ({"correlation_id": "x"}, "unknown_parameter", "correlation_id"),
    "anthropic's field": ({"max_tokens": 5}, "unknown_parameter", "max_tokens"),
    "unknown nested field": (part(id="x"), "unknown_parameter", "input[0].content[0].id"),
    "unknown role": ({"input": [{"role": "judge", "content": "x"}]}, "invalid_value", "input[0]"),
    "other content": (
        {"input": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]},
        "invalid_value",
        "input[0].content[0].type",
    ),
    "no user": ({"input": [{"role": "system", "content": "x"}]}, "invalid_value", "input"),
    "metadata number": ({"metadata": {"a": 1}}, "invalid_type", "metadata.a"),
    "metadata of 17": (
        {"metadata": {str(at): "" for at in range(17)}},
        "too_many_properties",
        "metadata",
    ),
    "metadata too long": ({"metadata": {"a": "x" * 513}}, "string_above_max_length", "metadata"),
    "temperature while reasoning": (
        {"model": GPT, "temperature": 0.0},
        "unsupported_parameter",
        "temperature",
    ),
    "temperature too high": ({"temperature": 2.5}, "decimal_out_of_range", "temperature"),
    "effort of a plain model": (
        {"reasoning": {"effort": "low"}},
        "unsupported_parameter",
        "reasoning.effort",
    ),
    "effort not of this model": (
        {"model": "gpt-5", "reasoning": {"effort": "none"}},
        "unsupported_value",
        "reasoning.effort",
    ),
    "unknown effort": ({"model": GPT, "reasoning": {"effort": "huge"}}, "invalid_value", "effort"),
    "verbosity of a plain model": (
        {"text": {"verbosity": "low"}},
        "unsupported_value",
        "text.verbosity",
    ),
    "few tokens": ({"max_output_tokens": 15}, "integer_below_min_value", "max_output_tokens"),
    "many tokens": ({"max_output_tokens": 99_999}, "integer_above_max_value", "max_output_tokens"),
    "format name": (text(name="my verdicts"), "invalid_value", "text.format.name"),
    "schema open": (
        text(schema=schema(additionalProperties=True)),
        "invalid_json_schema",
        "text.format.schema",
    ),
    "schema optional": (
        text(schema=schema(required=[])),
        "invalid_json_schema",
        "text.format.schema",
    ),
    "schema keyword": (
        text(schema=schema(properties={"comparisons": {"type": "string", "maxLength": 5}})),
        "invalid_json_schema",
        "text.format.schema",
    ),
    "schema no object": (
        text(schema={"type": "array", "items": {"type": "string"}}),
        "invalid_json_schema",
        "text.format.schema",
    ),
    "cache options of an older model": (
        {"prompt_cache_options": {"mode": "explicit"}},
        "unsupported_parameter",
        "prompt_cache_options",
    ),
    "too long": ({"model": "gpt-4o", "input": "word " * 200_000}, "context_length_exceeded", ""),
    "stream": ({"stream": True}, "unsupported_parameter", "stream"),
    "missing": ({"input": None}, None, "input"),
}


@pytest.mark.parametrize(("changes", "code", "param"), REFUSED.values(), ids=REFUSED.keys())
def test_responses_refuses_as_the_vendor_does(emulator, changes, code, param):
    response = post(emulator, RESPONSES, response_body(prompt(), **changes))
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error"
    if code:
        assert error["code"] == code
    assert param in (error["param"] or "")


CHAT_REFUSED = {
    "max_tokens while reasoning": ({"model": GPT}, "unsupported_parameter", "max_tokens"),
    "both bounds": ({"max_completion_tokens": 99}, "invalid_parameter_combination", "max_tokens"),
    "unknown role": ({"messages": [{"role": "judge", "content": "x"}]}, "invalid_value", "role"),
    "unknown field": ({"system": "x"}, "unknown_parameter", "system"),
    "schema open": (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "v",
                    "strict": True,
                    "schema": schema(additionalProperties=True),
                },
            }
        },
        "invalid_json_schema",
        "response_format.schema",
    ),
}


@pytest.mark.parametrize(
    ("changes", "code", "param"), CHAT_REFUSED.values(), ids=CHAT_REFUSED.keys()
)
def test_chat_refuses_as_the_vendor_does(emulator, changes, code, param):
    response = post(emulator, CHAT, chat_body(prompt(), **changes))
    assert response.status_code == 400
    error = response.json()["error"]
    assert (error["code"], param in error["param"]) == (code, True)


TAKEN = {
    "temperature 0": {"temperature": 0.0},
    "temperature without reasoning": {
        "model": GPT,
        "reasoning": {"effort": "none"},
        "temperature": 0.0,
    },
    "verbosity": {"model": GPT, "text": {**text()["text"], "verbosity": "low"}},
    "cache key": {"prompt_cache_key": "abc"},
    "metadata": {"metadata": {"batch": "1"}},
    "schema bounds": text(schema=schema(description="A list.")),
}


@pytest.mark.parametrize("changes", TAKEN.values(), ids=TAKEN.keys())
def test_responses_takes_what_the_vendor_takes(emulator, changes):
    """P-48: temperature 0.0 is a value, not an absence."""
    response = post(emulator, RESPONSES, response_body(prompt(), **changes))
    assert response.status_code == 200, response.text


@pytest.mark.parametrize("create", ["responses", "chat"])
def test_an_unknown_model_is_not_found(emulator, create):
    client, asked = gpt(emulator), prompt()
    with pytest.raises(openai.NotFoundError) as caught:
        if create == "responses":
            client.responses.create(**response_body(asked, model="gpt-99"))
        else:
            client.chat.completions.create(**chat_body(asked, model="gpt-99"))
    assert caught.value.code == "model_not_found"


def test_a_wrong_key_is_refused_with_both_its_ends_shown(emulator):
    """The vendor does show them, so T34 has something to hold back."""
    with pytest.raises(openai.AuthenticationError) as caught:
        gpt(emulator, "wrong-key-0123456789").responses.create(**response_body(prompt()))
    assert caught.value.code == "invalid_api_key"
    assert "wron" in caught.value.message and "6789" in caught.value.message


def test_an_exhausted_quota_is_a_429_of_its_own_kind(emulator):
    with pytest.raises(openai.RateLimitError) as caught:
        gpt(emulator, "broke-key").responses.create(**response_body(prompt()))
    assert caught.value.code == "insufficient_quota"
    assert "retry-after" not in caught.value.response.headers


def test_it_wants_a_key(emulator):
    body = response_body(prompt())
    assert post(emulator, RESPONSES, body, {"authorization": None}).status_code == 401
