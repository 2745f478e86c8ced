"""What every endpoint may answer besides its own answers, added to the description of the API."""

from typing import Any

_DETAIL = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
_PROBLEMS = {
    "type": "object",
    "properties": _DETAIL["properties"],
    "additionalProperties": {"type": "array", "items": {"type": "string"}},
}
_OF_A_BODY = {
    "400": "What is wrong, by field; `detail` alone where the body could not be read.",
    "413": "The body is larger than allowed.",
    "415": "The body is of another kind than those named here.",
}


def add_common_answers(
    result: dict[str, Any], generator: object, request: object, public: bool
) -> dict[str, Any]:
    """A hook of drf-spectacular: `result` is the whole document."""
    for path, operations in result["paths"].items():
        for operation in operations.values():
            answers = operation["responses"]
            for status, words in _common(path, operation).items():
                answers.setdefault(
                    status, _answer(words, _PROBLEMS if status == "400" else _DETAIL)
                )
    return result


def _common(path: str, operation: dict[str, Any]) -> dict[str, str]:
    found = {
        "406": "The answer is JSON, and Accept rules that out.",
        "429": "Too many requests. Ask again after `Retry-After` seconds.",
    }
    if not path.endswith("/token"):
        found["401"] = "No valid token, and no session."
        if "requestBody" in operation or path.endswith("/cancel"):
            found["403"] = "A session without its CSRF token."
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    if "{" in path or "page" in names:
        found["404"] = "There is no such thing, or it is another user's."
    if "requestBody" in operation:
        found |= _OF_A_BODY
    return found


def _answer(words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}
