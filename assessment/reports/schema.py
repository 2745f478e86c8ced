"""The run document's schema, and the check that every written run passes."""

import json
import math
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

RunDocument = Mapping[str, Any]


class RunDocumentError(ValueError):
    """A run document that breaks its schema; `path` is the JSON path of the first fault.

    The message names the path and the rule, never the value: a value may hold a pupil's words.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


def validate_run(document: object) -> None:
    """Check a run document against `run.schema.json` and for names that lead nowhere.

    Beyond the schema: every number is finite, file names are unique, and each essay named in
    comparisons, results, waves, inversions, checks and surprises is one of the input files.

    Raises:
        RunDocumentError: with the JSON path of the fault.
    """
    error = best_match(_validator().iter_errors(document))
    if error is not None:
        raise RunDocumentError(_path(error), _problem(error))
    if not isinstance(document, Mapping):  # the schema has said so already; this tells the types
        raise RunDocumentError("$", "expected object")
    for path, number in _floats(document, "$"):
        if not math.isfinite(number):
            raise RunDocumentError(path, "expected a finite number")
    _check_names(document)


@cache
def run_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a run document."""
    text = files("assessment.reports").joinpath("run.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(run_schema())


def _path(error: ValidationError) -> str:
    path: str = error.json_path
    if error.validator == "required" and isinstance(error.instance, Mapping):
        required: Any = error.validator_value
        missing = [key for key in required if key not in error.instance]
        return f"{path}.{missing[0]}"
    return path


def _problem(error: ValidationError) -> str:
    expected: Any = error.validator_value
    match error.validator:
        case "required":
            return "missing"
        case "type":
            kinds = expected if isinstance(expected, list) else [expected]
            return f"expected {' or '.join(kinds)}"
        case "enum":
            return f"expected one of {json.dumps(expected)}"
        case "const":
            return f"expected {json.dumps(expected)}"
        case "minimum" | "maximum" | "minLength" | "pattern":
            return f"must satisfy {error.validator} {expected}"
        case "not":
            return "has both a winner and an error"
        case _:
            return "expected null or the object that the schema describes"


def _floats(value: object, path: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, float):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _floats(inner, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _floats(inner, f"{path}[{index}]")


def _check_names(document: RunDocument) -> None:
    known: set[str] = set()
    for index, file in enumerate(document["inputs"]["files"]):
        if file["name"] in known:
            raise RunDocumentError(f"$.inputs.files[{index}].name", "two files have this name")
        known.add(file["name"])
    for path, name in _named_essays(document):
        if name not in known:
            raise RunDocumentError(path, "is not one of inputs.files")
    seen: set[str] = set()
    for index, result in enumerate(document["results"]):
        if result["essay"] in seen:
            raise RunDocumentError(f"$.results[{index}].essay", "this essay is listed twice")
        seen.add(result["essay"])


def _named_essays(document: RunDocument) -> Iterator[tuple[str, str]]:
    for index, row in enumerate(document["comparisons"]):
        yield f"$.comparisons[{index}].essay_a", row["essay_a"]
        yield f"$.comparisons[{index}].essay_b", row["essay_b"]
    for index, row in enumerate(document["results"]):
        yield f"$.results[{index}].essay", row["essay"]
    for index, wave in enumerate(document["waves"]):
        for name in wave["scores"]:
            yield f"$.waves[{index}].scores", name
    for index, row in enumerate(document["measurement"]["anchor_inversions"]):
        for key in ("higher_grade_essay", "lower_grade_essay"):
            yield f"$.measurement.anchor_inversions[{index}].{key}", row[key]
    for index, row in enumerate(document["measurement"].get("anchor_checks", ())):
        yield f"$.measurement.anchor_checks[{index}].essay", row["essay"]
    for index, row in enumerate(document["measurement"].get("surprises", ())):
        for key in ("winner", "loser"):
            yield f"$.measurement.surprises[{index}].{key}", row[key]
