"""Calls to a running emulator, as the SDKs make them and as they would not."""

import json
from collections.abc import Sequence
from typing import Any

import anthropic
import httpx2
import openai

from llmprovider.contracts import Instructions
from llmprovider.emulator import Emulator
from llmprovider.prompting.prompts import ANSWER_SCHEMA, Comparison, Prompt, build_prompt

CLAUDE, GPT, PLAIN_GPT = "claude-sonnet-4-6", "gpt-5.6-luna", "gpt-4.1"

WEAK = "A text. It is short. it has no point and no order ,and stops."
STRONG = (
    "Distance learning deserves a fair hearing, because it reaches pupils whom illness keeps away. "
    "Although critics fear isolation, careful schedules answer most of their objections."
)


def text(number: int) -> str:
    return f"{STRONG} Essay number {number} adds an observation of its own, {'very ' * number}fine."


def prompt(
    pairs: Sequence[tuple[str, str]] = ((STRONG, WEAK),),
    *,
    rubric: str = "",
    nonce: str = "0123456789abcdef",
    seed: str = "s",
) -> Prompt:
    comparisons = [Comparison(first, first, second, second) for first, second in pairs]
    return build_prompt(
        comparisons, Instructions(rubric=rubric), system_prompt=None, nonce=nonce, seed=seed
    )


def pairs(count: int) -> list[tuple[str, str]]:
    return [(text(at), text(at + 1)) for at in range(count)]


def claude(emulator: Emulator, key: str = "dummy", **options: Any) -> anthropic.Anthropic:
    return anthropic.Anthropic(
        base_url=emulator.anthropic_url, api_key=key, max_retries=0, **options
    )


def gpt(emulator: Emulator, key: str = "dummy", **options: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=emulator.openai_url, api_key=key, max_retries=0, **options)


def message_body(asked: Prompt, **changes: Any) -> dict[str, Any]:
    body = {
        "model": CLAUDE,
        "max_tokens": 4000,
        "system": [{"type": "text", "text": asked.system}],
        "messages": [{"role": "user", "content": asked.user}],
        "output_config": {"format": {"type": "json_schema", "schema": dict(ANSWER_SCHEMA)}},
    }
    return {**body, **changes}


def response_body(asked: Prompt, **changes: Any) -> dict[str, Any]:
    form = {"type": "json_schema", "name": "v", "schema": dict(ANSWER_SCHEMA), "strict": True}
    body = {
        "model": PLAIN_GPT,
        "instructions": asked.system,
        "input": asked.user,
        "text": {"format": form},
        "max_output_tokens": 4000,
        "store": False,
    }
    return {**body, **changes}


def chat_body(asked: Prompt, **changes: Any) -> dict[str, Any]:
    form = {"name": "v", "schema": dict(ANSWER_SCHEMA), "strict": True}
    body = {
        "model": PLAIN_GPT,
        "messages": [
            {"role": "system", "content": asked.system},
            {"role": "user", "content": asked.user},
        ],
        "response_format": {"type": "json_schema", "json_schema": form},
        "max_tokens": 4000,
    }
    return {**body, **changes}


BODIES = {
    "/v1/messages": message_body,
    "/v1/responses": response_body,
    "/v1/chat/completions": chat_body,
}


def headers(emulator: Emulator, key: str = "dummy") -> dict[str, str]:
    version = str(claude(emulator).default_headers["anthropic-version"])
    return {"authorization": f"Bearer {key}", "anthropic-version": version}


def post(
    emulator: Emulator, path: str, body: Any, extra: dict[str, str | None] | None = None
) -> httpx2.Response:
    """What no SDK would send; a header of None is left out."""
    sent = {**headers(emulator), **(extra or {})}
    return httpx2.post(
        emulator.anthropic_url + path,
        content=body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers={name: value for name, value in sent.items() if value is not None},
        timeout=60,
    )


def answer_in(path: str, response: httpx2.Response) -> str:
    """The judge's text, wherever the vendor puts it."""
    body = response.json()
    if path == "/v1/messages":
        return "".join(part["text"] for part in body["content"] if part["type"] == "text")
    if path == "/v1/responses":
        messages = [item for item in body["output"] if item["type"] == "message"]
        return "".join(part["text"] for item in messages for part in item["content"])
    return str(body["choices"][0]["message"]["content"])


def ask(
    emulator: Emulator,
    asked: Prompt,
    path: str = "/v1/messages",
    fault: str | None = None,
    **changes: Any,
) -> httpx2.Response:
    return post(emulator, path, BODIES[path](asked, **changes), {"x-emulator-fault": fault})


def verdicts(response: httpx2.Response, path: str = "/v1/messages") -> dict[str, str]:
    entries = json.loads(answer_in(path, response))["comparisons"]
    return {entry["item"]: entry["winner"] for entry in entries}
