"""OpenAI: what is wrong with the file of a batch before any of its requests is judged."""

import json
from collections.abc import Collection
from typing import Any, Final

from llmprovider.emulator.vendor_models import openai_model

MAX_REQUESTS: Final = 50_000
MAX_BYTES: Final = 200 * 1024 * 1024
MAX_CUSTOM_ID: Final = 64
# More is not listed: a file of 50,000 bad lines has as many mistakes.
_MOST_PROBLEMS: Final = 20

Requests = list[tuple[str, Any]]
Problems = list[dict[str, Any]]


def checked_input(
    content: bytes, endpoint: str, extra_models: Collection[str]
) -> tuple[Requests, Problems]:
    """The requests (custom_id, body) in a file, and the problems for which it is refused."""
    lines = [line for line in content.split(b"\n") if line.strip()]
    if not lines:
        return [], [_problem("empty_file", "The input file is empty.")]
    if len(lines) > MAX_REQUESTS:
        message = f"The batch has {len(lines)} requests; at most {MAX_REQUESTS} are allowed."
        return [], [_problem("too_many_tasks", message)]
    requests: Requests = []
    problems: Problems = []
    seen: set[str] = set()
    first_model: Any = None
    for number, line in enumerate(lines, start=1):
        if len(problems) >= _MOST_PROBLEMS:
            break
        try:
            entry = json.loads(line)
            custom_id, body = entry["custom_id"], entry["body"]
            target = (entry["method"], entry["url"])
            model = body["model"]
        except (ValueError, TypeError, KeyError, RecursionError):
            problems.append(
                _problem("invalid_json_line", "This line is not a request as JSON.", number)
            )
            continue
        first_model = first_model or model
        if problem := _line_problem(custom_id, target, model, endpoint, first_model, seen):
            problems.append(_problem(*problem, number))
        seen.add(custom_id)
        requests.append((custom_id, body))
    chat = endpoint == "/v1/chat/completions"
    if not problems and first_model not in extra_models:
        if openai_model(str(first_model), chat=chat) is None:
            message = (
                f"The provided model '{str(first_model)[:60]}' is not supported by the Batch API."
            )
            problems.append(_problem("model_not_found", message, 1, "body.model"))
    return requests, problems


def _line_problem(
    custom_id: Any,
    target: tuple[Any, Any],
    model: Any,
    endpoint: str,
    first_model: Any,
    seen: set[str],
) -> tuple[str, str] | None:
    if not isinstance(custom_id, str) or not 1 <= len(custom_id) <= MAX_CUSTOM_ID:
        return "invalid_custom_id", "The custom_id must be a string of 1 to 64 characters."
    if custom_id in seen:
        return "duplicate_custom_id", "The custom_id is not unique in this batch."
    if target != ("POST", endpoint):
        return "url_mismatch", "The method and URL are not those of the batch."
    if model != first_model:
        return "model_mismatch", "All requests of a batch must be for the same model."
    return None


def _problem(
    code: str, message: str, line: int | None = None, param: str | None = None
) -> dict[str, Any]:
    return {"code": code, "message": message, "line": line, "param": param}
