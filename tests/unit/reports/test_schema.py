"""A run document is checked as it is written, and a fault is named by its JSON path."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from assessment.reports.schema import RunDocumentError, run_schema, validate_run
from tests.unit.reports.documents import run_document

Document = dict[str, Any]


@pytest.fixture
def document() -> Document:
    return run_document(students=5, anchors=3, waves=2)


def fault(document: Document) -> RunDocumentError:
    with pytest.raises(RunDocumentError) as caught:
        validate_run(document)
    return caught.value


def test_it_accepts_a_finished_run(document: Document) -> None:
    validate_run(document)


def test_it_accepts_a_document_read_back_from_json(document: Document) -> None:
    validate_run(json.loads(json.dumps(document)))


def test_it_accepts_keys_that_later_versions_add(document: Document) -> None:
    for part in (document, document["run"], document["batch"], document["results"][0]):
        part["added_later"] = {"anything": [1, None]}
    validate_run(document)


def test_it_accepts_a_run_without_grades_or_answers(document: Document) -> None:
    """No projection is a null grade, never a pretend one (P-62)."""
    for result in document["results"]:
        for key in ("grade", "grade_probabilities", "grade_confidence", "score", "se", "rank"):
            result[key] = None
    document["measurement"].update(reliability=None, position_effect=None, agreement=None)
    validate_run(document)


@pytest.mark.parametrize(
    "grade", ["F+", "E-", "D+", "1", "9", "4.5", "A"], ids=lambda grade: f"grade {grade}"
)
def test_it_accepts_a_grade_of_any_scale(document: Document, grade: str) -> None:
    """Every grade of every scale passes (P-60)."""
    document["results"][0]["grade"] = grade
    document["results"][0]["grade_probabilities"] = {grade: 1.0}
    validate_run(document)


BREAKS: list[tuple[str, Callable[[Document], object]]] = [
    ("$.batch.total_budget", lambda d: d["batch"].pop("total_budget")),
    ("$.batch.total_budget", lambda d: d["batch"].update(total_budget=0)),
    ("$.batch.mock", lambda d: d["batch"].update(mock="yes")),
    ("$.batch.status", lambda d: d["batch"].update(status="DONE")),
    ("$.measurement", lambda d: d.pop("measurement")),
    ("$.comparisons[1].winner", lambda d: d["comparisons"][1].update(winner="A")),
    ("$.comparisons[1].confidence", lambda d: d["comparisons"][1].update(confidence=6)),
    ("$.comparisons[1].essay_b", lambda d: d["comparisons"][1].update(essay_b="who.txt")),
    ("$.results[2].score", lambda d: d["results"][2].update(score=float("nan"))),
    ("$.results[2].se", lambda d: d["results"][2].update(se=float("inf"))),
    ("$.results[2].essay", lambda d: d["results"][2].update(essay=d["results"][1]["essay"])),
    ("$.inputs.files[0].sha256", lambda d: d["inputs"]["files"][0].update(sha256="beef")),
    ("$.cost.currency", lambda d: d["cost"].update(currency="EUR")),
    ("$.waves[0].scores", lambda d: d["waves"][0]["scores"].update({"who.txt": 1.0})),
    ("$.warnings[0].message", lambda d: d["warnings"].append({"code": "few_comparisons"})),
]


@pytest.mark.parametrize(("path", "damage"), BREAKS)
def test_it_names_the_path_of_a_fault(
    document: Document, path: str, damage: Callable[[Document], object]
) -> None:
    damage(document)
    assert fault(document).path == path


def test_it_refuses_a_winner_beside_an_error(document: Document) -> None:
    """Exactly one of winner and error; a success without winner is an error (P-68)."""
    row = document["comparisons"][0]
    row["error"] = {"code": "TIMEOUT", "message": "", "error_type": "timeout", "retryable": True}
    assert fault(document).path == "$.comparisons[0]"


def test_it_refuses_two_files_of_one_name(document: Document) -> None:
    document["inputs"]["files"].append(copy.deepcopy(document["inputs"]["files"][0]))
    assert "two files" in fault(document).problem


def test_it_refuses_what_is_no_object() -> None:
    with pytest.raises(RunDocumentError, match=r"^\$: expected object$"):
        validate_run([])


def test_it_never_repeats_a_value_in_its_message(document: Document) -> None:
    """A value may hold a pupil's words, and messages reach logs."""
    document["comparisons"][0]["justification"] = ["My name is Ada"]
    error = fault(document)
    assert error.path == "$.comparisons[0].justification"
    assert "Ada" not in f"{error} {error!r}"


def test_its_schema_requires_every_key_the_runner_promises() -> None:
    assert set(run_schema()["required"]) >= {
        "run",
        "inputs",
        "settings",
        "batch",
        "waves",
        "comparisons",
        "results",
        "calls",
        "cost",
        "warnings",
        "versions",
    }
