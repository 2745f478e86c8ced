"""POST /api/v1/batches with the essays in the request."""

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from assessment.lifecycle import starting
from assessment.models import Assignment, Batch, ComparisonPair, Essay
from tests.integration.api.batches import JUDGE, SCALE, SECRET, anchor, essay, request
from tests.integration.api.messages import take_messages

URL = "/api/v1/batches"

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_stores_a_pending_batch_and_announces_it_once(api: APIClient, teacher: User) -> None:
    answer = api.post(URL, request(bos_batch_id="bos-1"), format="json")
    assert answer.status_code == 201, answer.data
    batch = Batch.objects.get()
    assert (batch.status, batch.cj_source, batch.created_by) == ("PENDING", "api", teacher)
    assert (batch.label, batch.bos_batch_id, batch.mock) == ("spring", "bos-1", True)
    assert answer.headers["Location"] == f"http://testserver/api/v1/batches/{batch.pk}"
    assert answer.data["id"] == batch.pk
    assert take_messages() == [("assessment.start_batch", [batch.pk])]


def test_what_it_stored_can_be_worked(api: APIClient) -> None:
    batch_id = api.post(URL, request(), format="json").data["id"]
    starting.start(batch_id)
    batch = Batch.objects.get(pk=batch_id)
    assert batch.status == Batch.Status.COMPARING
    assert batch.submitted == batch.pairs.count() > 0


def test_it_stores_the_essays_with_role_and_grade(api: APIClient) -> None:
    asked = request(essays=[essay(1), anchor(0), anchor(5)])
    assert api.post(URL, asked, format="json").status_code == 201
    rows = set(Essay.objects.values_list("name", "role", "known_grade"))
    assert rows == {
        ("student_1", "student", ""),
        ("anchor_0", "anchor", "F"),
        ("anchor_5", "anchor", "A"),
    }


def test_a_grade_written_another_way_is_the_same_grade(api: APIClient) -> None:
    graded = essay(1, role="anchor", known_grade="2,50")
    asked = request(grade_scale=["1", "2.5", "4"], essays=[essay(2), graded])
    assert api.post(URL, asked, format="json").status_code == 201
    assert Essay.objects.get(role="anchor").known_grade == "2.5"


def test_overrides_reach_the_batch(api: APIClient) -> None:
    """P-48: a temperature of 0.0 is a temperature."""
    asked = request(
        max_comparisons_override=8,
        batch_config_overrides={
            "llm_batching_mode_override": "provider_serial_bundle",
            "judgements_per_pair": 2,
            "money_cap_usd": "1.50",
            "seed": 11,
        },
        llm_config_overrides={"temperature": 0.0, "max_tokens": 500},
    )
    answer = api.post(URL, asked, format="json")
    assert answer.status_code == 201, answer.data
    batch = Batch.objects.get()
    assert batch.llm_batching_mode == answer.data["llm_batching_mode"] == "serial_bundle"
    assert (batch.total_budget, batch.judgements_per_pair, batch.seed) == (8, 2, 11)
    assert batch.llm_config_overrides == {"temperature": 0.0, "max_tokens": 500}
    assert float(batch.money_cap) == 1.5


def test_a_judge_may_be_named_in_the_llm_overrides(api: APIClient) -> None:
    asked = request(judges=None, llm_config_overrides=JUDGE)
    assert api.post(URL, asked, format="json").status_code == 201
    assert Batch.objects.get().judges == [JUDGE]


def test_a_judge_may_have_a_price(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", "http://127.0.0.1:9/v1")
    price = {"input_per_million": "0.2", "output_per_million": 0.8}
    judge = {"provider": "openai_compatible", "model": "local"}
    cap = {"money_cap_usd": 1}
    refused = api.post(URL, request(judges=[judge], batch_config_overrides=cap), format="json")
    assert refused.status_code == 400
    asked = request(judges=[{**judge, "price": price}], batch_config_overrides=cap)
    answer = api.post(URL, asked, format="json")
    assert answer.status_code == 201, answer.data
    told = {"input_per_million": 0.2, "output_per_million": 0.8}
    shown = api.get(f"{URL}/{answer.data['id']}").data
    assert shown["judges"] == [{**judge, "price": told}]
    wrong = request(judges=[{**judge, "price": {"input_per_million": -1}}])
    assert api.post(URL, wrong, format="json").status_code == 400


@pytest.mark.parametrize("scale", ["swedish_8_anchor", "F,E,D", ["F", "E", "D"], [1, 1.5, 2]])
def test_a_grade_scale_is_a_name_or_a_list(api: APIClient, scale: object) -> None:
    assert api.post(URL, request(grade_scale=scale), format="json").status_code == 201
    assert len(Batch.objects.get().grade_scale) >= 3


def test_a_known_assignment_lends_what_the_request_leaves_out(api: APIClient) -> None:
    """P-71: instructions that are left out are the assignment's, and stay as they are there."""
    api.post(URL, request(), format="json")
    before = Assignment.objects.values().get()
    asked = request(task=None, rubric=None, grade_scale=None)
    assert api.post(URL, asked, format="json").status_code == 201
    first, second = Batch.objects.order_by("id")
    assert (first.task, first.rubric, first.grade_scale) == (
        second.task,
        second.rubric,
        second.grade_scale,
    )
    assert Assignment.objects.values().get() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [("task", "Another task."), ("rubric", ""), ("grade_scale", "swedish_8_anchor")],
)
def test_a_known_assignment_is_not_altered_by_a_request(
    api: APIClient, field: str, value: str
) -> None:
    """P-71."""
    api.post(URL, request(), format="json")
    answer = api.post(URL, request(**{field: value}), format="json")
    assert answer.status_code == 400
    assert "differs from that of assignment" in answer.data[field][0]
    assert Batch.objects.count() == 1


def test_one_essay_alone_is_taken(api: APIClient) -> None:
    """P-28: through the API a single essay is a batch that ends at once."""
    answer = api.post(URL, request(essays=[essay(1)]), format="json")
    assert answer.status_code == 201
    starting.start(answer.data["id"])
    batch = Batch.objects.get()
    assert batch.stop_reason == "insufficient_essays"
    assert not ComparisonPair.objects.exists()


def test_no_answer_holds_essay_text(api: APIClient) -> None:
    answer = api.post(URL, request(), format="json")
    assert SECRET not in answer.content.decode()


def test_scales_differ_from_labels_only_in_form(api: APIClient) -> None:
    api.post(URL, request(grade_scale=",".join(SCALE)), format="json")
    assert api.post(URL, request(), format="json").status_code == 201
