"""What Anthropic's endpoint refuses."""

from copy import deepcopy

import anthropic
import pytest

from llmprovider.prompting.prompts import ANSWER_SCHEMA
from tests.integration.emulator.calls import claude, message_body, post, prompt

PATH = "/v1/messages"


def block(words: str = "x", **more) -> dict:
    return {"type": "text", "text": words, **more}


def marked(ttl: str | None = None) -> dict:
    control = {"type": "ephemeral"} | ({"ttl": ttl} if ttl else {})
    return block(cache_control=control)


def form(**changes) -> dict:
    schema = deepcopy(dict(ANSWER_SCHEMA)) | changes
    return {"format": {"type": "json_schema", "schema": schema}}


USER = {"role": "user", "content": "x"}

REFUSED = {
    "temperature": ({"temperature": 0.0}, "temperature: Extra inputs"),
    "unknown field": ({"correlation_id": "x"}, "correlation_id: Extra inputs"),
    "unknown nested field": ({"system": [block(id="x")]}, "system.0.id: Extra inputs"),
    "metadata key": ({"metadata": {"prompt_sha256": "x"}}, "metadata.prompt_sha256"),
    "long user id": ({"metadata": {"user_id": "x" * 257}}, "at most 256"),
    "unknown role": ({"messages": [{"role": "judge", "content": "x"}]}, "messages.0.role"),
    "first role": ({"messages": [{"role": "assistant", "content": "x"}, USER]}, "first message"),
    "prefill": ({"messages": [USER, {"role": "assistant", "content": "{"}]}, "prefill"),
    "no messages": ({"messages": []}, "at least one message"),
    "empty message": ({"messages": [{"role": "user", "content": ""}]}, "non-empty"),
    "empty block": ({"system": [block("")]}, "text content blocks must be non-empty"),
    "five breakpoints": ({"system": [marked()] * 5}, "A maximum of 4 blocks"),
    "automatic fifth": (
        {"system": [marked()] * 4, "cache_control": {"type": "ephemeral"}},
        "A maximum of 4 blocks",
    ),
    "other ttl": ({"system": [marked("2h")]}, "cache_control.ttl"),
    "1h after 5m": ({"system": [marked("5m"), marked("1h")]}, "must not come after"),
    "no max_tokens": ({"max_tokens": None}, "max_tokens"),
    "max_tokens as text": ({"max_tokens": "100"}, "valid integer"),
    "negative max_tokens": ({"max_tokens": -1}, "greater than or equal to 0"),
    "too many max_tokens": ({"max_tokens": 200_000}, "maximum allowed number"),
    "unknown effort": ({"output_config": {"effort": "huge"}}, "output_config.effort"),
    "effort not taken": (
        {"model": "claude-sonnet-4-5", "output_config": {"effort": "low"}},
        "does not support the effort parameter",
    ),
    "effort too high": (
        {"model": "claude-opus-4-5", "output_config": {"effort": "max"}},
        "does not support effort level 'max'",
    ),
    "small thinking budget": (
        {"thinking": {"type": "enabled", "budget_tokens": 1000}},
        "at least 1024",
    ),
    "thinking budget too large": (
        {"thinking": {"type": "enabled", "budget_tokens": 4000}},
        "must be greater than",
    ),
    "manual thinking on a new model": (
        {"model": "claude-opus-5", "thinking": {"type": "enabled", "budget_tokens": 2000}},
        "not supported on this model",
    ),
    "schema open": ({"output_config": form(additionalProperties=True)}, "explicitly set to false"),
    "schema keyword": (
        {"output_config": form(properties={"comparisons": {"type": "string", "maxLength": 5}})},
        "maxLength are not supported",
    ),
    "schema of something else": (
        {"output_config": form(properties={"x": {"type": "string"}}, required=["x"])},
        "answers of another schema",
    ),
    "schema name": (
        {"output_config": {"format": {**form()["format"], "name": "x"}}},
        "output_config.format.name",
    ),
    "stream": ({"stream": True}, "not emulated"),
    "tools": ({"tools": [{"name": "x", "input_schema": {"type": "object"}}]}, "not emulated"),
    "too long": (
        {"model": "claude-sonnet-4-5", "system": [block("word " * 200_000)]},
        "prompt is too long",
    ),
}


@pytest.mark.parametrize(("changes", "complaint"), REFUSED.values(), ids=REFUSED.keys())
def test_it_refuses_as_the_vendor_does(emulator, changes, complaint):
    response = post(emulator, PATH, message_body(prompt(), **changes))
    assert response.status_code == 400
    body = response.json()
    assert body["type"] == "error"
    assert body["error"]["type"] == "invalid_request_error"
    assert complaint in body["error"]["message"]
    assert body["request_id"] == response.headers["request-id"]


TAKEN = {
    "breakpoints": {"system": [marked("1h"), marked("1h"), marked("5m"), marked()]},
    "user id": {"metadata": {"user_id": "0af3"}},
    "plain system": {"system": "Be fair."},
    "effort": {"output_config": {**form(), "effort": "low"}},
    "adaptive thinking": {"thinking": {"type": "adaptive"}},
    "service tier": {"service_tier": "standard_only"},
    "dated model": {"model": "claude-haiku-4-5-20251001"},
}


@pytest.mark.parametrize("changes", TAKEN.values(), ids=TAKEN.keys())
def test_it_takes_what_the_vendor_takes(emulator, changes):
    response = post(emulator, PATH, message_body(prompt(), **changes))
    assert response.status_code == 200, response.text


def test_an_unknown_model_is_not_found(emulator):
    with pytest.raises(anthropic.NotFoundError, match="model: claude-imaginary"):
        claude(emulator).messages.create(**message_body(prompt(), model="claude-imaginary"))


@pytest.mark.parametrize(
    ("key", "status"), [("wrong-key", 401), ("broke-key", 400), ("barred-key", 403)]
)
def test_a_key_is_what_its_name_says(emulator, key, status):
    with pytest.raises(anthropic.APIStatusError) as caught:
        claude(emulator, key).messages.create(**message_body(prompt()))
    assert caught.value.status_code == status


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"authorization": None}, 401),
        ({"authorization": None, "x-api-key": "dummy"}, 200),
        ({"anthropic-version": None}, 400),
        ({"anthropic-version": "2023-06-01"}, 400),
    ],
)
def test_it_wants_a_key_and_the_version_the_sdk_speaks(emulator, changed, status):
    assert post(emulator, PATH, message_body(prompt()), changed).status_code == status


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"model":', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(emulator, body):
    assert post(emulator, PATH, body).status_code == 400


def test_a_request_of_more_than_32_megabytes_is_too_large(emulator):
    body = message_body(prompt(), system="x" * (33 * 1024 * 1024))
    assert post(emulator, PATH, body).status_code == 413
