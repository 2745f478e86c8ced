"""What POST /api/v1/batches refuses: 400, the field, what is wrong; and nothing is stored."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from assessment.models import Anchor, Assignment, Batch, Essay
from tests.integration.api.batches import JUDGE, SECRET, anchor, essay, request
from tests.integration.api.messages import take_messages

URL = "/api/v1/batches"

pytestmark = pytest.mark.django_db(transaction=True)

MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"judges": None}, "judges", "no judge is named"),
    ({"judges": [{"provider": "nobody"}]}, "judges", "unknown provider 'nobody'"),
    ({"judges": [JUDGE, JUDGE]}, "judges", "named twice"),
    ({"judges": [{"model": "x"}]}, "judges", "judge 1, provider: This field is required."),
    ({"judges": "mock"}, "judges", "Expected a list"),
    ({"pairs": [None]}, "pairs", "This field may not be null"),
    ({"pairs": "all"}, "pairs", "Expected a list"),
    ({"pairs": [{"essay_a": "student_0"}]}, "pairs", "essay_b: This field is required"),
    ({"assignment": None}, "assignment", "required"),
    ({"grade_scale": None}, "grade_scale", "The assignment is new"),
    ({"grade_scale": "nothing"}, "grade_scale", "unknown grade scale"),
    ({"grade_scale": ["A", "A"]}, "grade_scale", "more than once"),
    ({"grade_scale": ["A", {}]}, "grade_scale", "Give a list of grades"),
    ({"grade_scale": ["A,B", "C"]}, "grade_scale", "comma"),
    ({"grade_scale": ["A", "B" * 41]}, "grade_scale", "40 characters"),
    ({"grade_scale": ["A", "B\0"]}, "grade_scale", "Null characters"),
    ({"essays": None}, "essays", "there are none"),
    ({"essays": []}, "essays", "there are none"),
    ({"essays": [essay(1), essay(1)]}, "essays", "two essays are named student_1"),
    (
        {"essays": [essay(1), essay(2, text="")]},
        "essays",
        "essay 2 (student_2), text: There is no text.",
    ),
    (
        {"essays": [essay(1), essay(2, text=" \n \t\n")]},
        "essays",
        "essay 2 (student_2), text: There is no text.",
    ),
    ({"essays": [essay(1, text=None)]}, "essays", "essay 1 (student_1), text: "),
    ({"essays": [essay(1, role="judge")]}, "essays", 'The role is "student" or "anchor".'),
    ({"essays": [essay(1, grade="A")]}, "essays", "essay 1 (student_1), grade: There is no such"),
    ({"essays": [essay(1, name="a\u200bb")]}, "essays", "cannot be shown"),
    ({"essays": [essay(1, role="anchor")]}, "essays", "known_grade: An anchor needs its grade."),
    ({"essays": [essay(1), "text"]}, "essays", "essay 2: Invalid data."),
    (
        {"essays": [essay(1, role="anchor", known_grade="Z")]},
        "essays",
        'essay 1 (student_1) has the grade "Z", which is not on the scale',
    ),
    ({"essays": [essay(1, text=SECRET * 20_000)]}, "essays", "student_1 has 160000 characters"),
    ({"max_comparisons_override": 0}, "max_comparisons_override", "0 is outside 2 to"),
    ({"max_comparisons_override": 1}, "max_comparisons_override", "1 is outside 2 to"),
    ({"max_comparisons_override": 10**9}, "max_comparisons_override", "is outside 2 to"),
    ({"max_comparisons_override": "many"}, "max_comparisons_override", "integer"),
    ({"max_comparisons": 5}, "max_comparisons", "There is no such field. Use: label,"),
    (
        {"batch_config_overrides": {"llm_batching_mode_override": "fast"}},
        "batch_config_overrides",
        "llm_batching_mode_override: unknown mode 'fast'. Use one of: per_request,",
    ),
    ({"batch_config_overrides": {"sead": 1}}, "batch_config_overrides", "sead: "),
    ({"batch_config_overrides": []}, "batch_config_overrides", "Give an object"),
    (
        {"batch_config_overrides": {"bundle_size_override": 4}},
        "batch_config_overrides",
        "bundle_size_override: works only with",
    ),
    (
        {"batch_config_overrides": {"money_cap_usd": "1e12"}},
        "batch_config_overrides",
        "money_cap_usd: ",
    ),
    (
        {"batch_config_overrides": {"money_cap_usd": "0.00001"}},
        "batch_config_overrides",
        "money_cap_usd: ",
    ),
    ({"llm_config_overrides": {"temperature": 3}}, "llm_config_overrides", "temperature: "),
    (
        {"llm_config_overrides": {"system_prompt": "a\0b"}},
        "llm_config_overrides",
        "system_prompt: Null characters",
    ),
    ({"bos_batch_id": "x" * 101}, "bos_batch_id", "100"),
    ({"label": "x" * 201}, "label", "200"),
]


@pytest.mark.parametrize("path", ["", "/plan"])
@pytest.mark.parametrize(("mistake", "field", "message"), MISTAKES)
def test_it_names_the_field_and_stores_nothing(
    api: APIClient, mistake: dict[str, Any], field: str, message: str, path: str
) -> None:
    """A plan of a batch that would be refused is refused as well."""
    answer = api.post(URL + path, request(**mistake), format="json")
    assert answer.status_code == 400, answer.data
    assert list(answer.data) == [field]
    assert any(message in found for found in answer.data[field]), answer.data
    assert SECRET not in answer.content.decode()
    for model in (Batch, Essay, Assignment, Anchor):
        assert not model.objects.exists()
    assert take_messages() == []


def test_it_names_every_essay_that_is_wrong_at_once(api: APIClient) -> None:
    bad = [essay(1, text=""), essay(2), essay(3, role="anchor")]
    answer = api.post(URL, request(essays=bad), format="json")
    assert len(answer.data["essays"]) == 2


def test_a_body_that_is_not_an_object_is_refused(api: APIClient) -> None:
    answer = api.post(URL, ["no"], format="json")
    assert answer.status_code == 400


@pytest.mark.parametrize("body", ["{", '{"label": NaN}', "[" * 100_000, '"\\ud800"'])
def test_a_body_that_is_not_json_is_refused(api: APIClient, body: str) -> None:
    answer = api.post(URL, body, content_type="application/json")
    assert answer.status_code == 400


def test_a_body_larger_than_allowed_is_refused_unread(api: APIClient, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    answer = api.post(URL, request(), format="json")
    assert answer.status_code == 413
    assert "larger than the 1,000 bytes allowed" in answer.data["detail"]


def test_an_anchor_that_the_assignment_knows_otherwise_is_refused(api: APIClient) -> None:
    assert api.post(URL, request(essays=[essay(1), anchor(0)]), format="json").status_code == 201
    changed = anchor(0) | {"text": "Another text."}
    for url in (URL, URL + "/plan"):
        answer = api.post(url, request(essays=[essay(1), changed]), format="json")
        assert answer.status_code == 400
        assert "anchor anchor_0 of assignment 'schools'" in answer.data["essays"][0]
    assert Batch.objects.count() == 1
