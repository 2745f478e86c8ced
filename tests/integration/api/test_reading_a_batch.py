"""A batch, its results and its pairs, as its owner reads them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from assessment.lifecycle import starting
from assessment.models import Batch, ComparisonPair
from llmprovider.contracts import bills
from llmprovider.models import QueueItem
from tests.integration.api.batches import SCALE, SECRET, anchor, essay, request, work

URL = "/api/v1/batches"

pytestmark = pytest.mark.django_db


def create(api: APIClient, **changes: Any) -> int:
    answer = api.post(URL, request(**changes), format="json")
    assert answer.status_code == 201, answer.data
    return int(answer.data["id"])


@pytest.fixture
def finished(api: APIClient) -> Batch:
    essays = [*(essay(number) for number in range(4)), anchor(0), anchor(5)]
    return work(create(api, essays=essays))


def test_a_finished_batch_tells_how_it_ended_and_what_it_cost(
    api: APIClient, finished: Batch
) -> None:
    told = api.get(f"{URL}/{finished.pk}").data
    assert (told["status"], told["stop_reason"]) == ("COMPLETED", "coverage_complete")
    assert (told["submitted"], told["completed"], told["failed"], told["pending"]) == (15, 15, 0, 0)
    assert (told["completion_denominator"], told["progress"]) == (15, 1.0)
    assert (told["llm_batching_mode"], told["mock"]) == ("serial_bundle", True)
    assert told["waves"] == finished.waves.count()
    totals = bills.totals_of(str(finished.pk))
    assert told["cost"]["calls"] == totals["calls"] > 0
    assert told["cost"]["input_tokens"] == totals["input_tokens"] > 0
    assert told["warnings"] == finished.warnings


def test_its_links_lead_to_what_they_say(api: APIClient, finished: Batch) -> None:
    links = api.get(f"{URL}/{finished.pk}").data["links"]
    assert api.get(links["self"]).data["id"] == finished.pk
    assert api.get(links["results"]).data["batch"] == finished.pk
    assert api.get(links["pairs"]).data["count"] == 15
    assert api.post(links["cancel"]).status_code == 409


def test_progress_lies_between_0_and_1_on_the_way(api: APIClient) -> None:
    """P-02."""
    batch_id = create(api)
    assert api.get(f"{URL}/{batch_id}").data["progress"] == 0.0
    starting.start(batch_id)
    told = api.get(f"{URL}/{batch_id}").data
    assert (told["status"], told["progress"]) == ("COMPARING", 0.0)
    assert told["pending"] == told["submitted"] > 0


def test_results_rank_students_and_show_anchors_with_their_grade(
    api: APIClient, finished: Batch
) -> None:
    """P-61, P-62, P-64."""
    told = api.get(f"{URL}/{finished.pk}/results").data
    assert (told["batch"], told["status"], told["mock"]) == (finished.pk, "COMPLETED", True)
    assert told["grade_scale"] == SCALE
    assert told["measurement"] == finished.result["measurement"]
    students, anchors = told["results"][:4], told["results"][4:]
    assert [row["role"] for row in told["results"]] == ["student"] * 4 + ["anchor"] * 2
    assert [row["rank"] for row in students] == sorted(row["rank"] for row in students)
    scores = [row["score"] for row in students]
    assert scores == sorted(scores, reverse=True)
    assert {row["essay"]: row["known_grade"] for row in anchors} == {
        "anchor_0": "F",
        "anchor_5": "A",
    }
    for row in students:
        assert row["se"] > 0
        assert row["known_grade"] is None
        assert row["comparisons"] == 5
        if row["grade"] is not None:
            assert row["grade"] in SCALE
            assert set(row["grade_probabilities"]) == set(SCALE)
            assert row["infit"] > 0 and row["outfit"] > 0
            assert isinstance(row["review"], list)


@pytest.mark.parametrize("started", [False, True])
def test_results_of_an_unfinished_batch_are_refused(api: APIClient, started: bool) -> None:
    batch_id = create(api)
    if started:
        starting.start(batch_id)
    answer = api.get(f"{URL}/{batch_id}/results")
    assert answer.status_code == 409
    assert f"Batch {batch_id} is not finished" in answer.data["detail"]
    assert "0 of 10 comparisons" in answer.data["detail"]


def test_results_of_a_failed_batch_are_refused_with_the_reason(
    api: APIClient, finished: Batch
) -> None:
    Batch.objects.filter(pk=finished.pk).update(
        status="FAILED", stop_reason="provider_outage", failure="the key is not valid"
    )
    answer = api.get(f"{URL}/{finished.pk}/results")
    assert answer.status_code == 409
    assert "failed (provider_outage)" in answer.data["detail"]
    assert "the key is not valid" in answer.data["detail"]


def test_a_batch_of_one_essay_has_a_result_for_it(api: APIClient) -> None:
    """P-28."""
    batch = work(create(api, essays=[essay(1)]))
    told = api.get(f"{URL}/{batch.pk}/results").data
    assert told["stop_reason"] == "insufficient_essays"
    assert [row["essay"] for row in told["results"]] == ["student_1"]


def test_pairs_name_the_essays_and_the_winner(api: APIClient, finished: Batch) -> None:
    told = api.get(f"{URL}/{finished.pk}/pairs").data
    assert told["count"] == len(told["results"]) == 15
    names = set(finished.essays.values_list("name", flat=True))
    for pair in told["results"]:
        assert {pair["essay_a"], pair["essay_b"]} <= names
        assert pair["winner"] in ("essay_a", "essay_b")
        assert pair["error"] is None
        assert 1 <= pair["confidence"] <= 5


def test_pairs_come_in_pages(api: APIClient, finished: Batch) -> None:
    first = api.get(f"{URL}/{finished.pk}/pairs?page_size=10").data
    rest = api.get(first["next"]).data
    assert (len(first["results"]), len(rest["results"]), rest["next"]) == (10, 5, None)
    ids = [pair["correlation_id"] for pair in [*first["results"], *rest["results"]]]
    assert len(set(ids)) == 15
    assert api.get(f"{URL}/{finished.pk}/pairs?page=9").status_code == 404


def test_pairs_can_be_filtered(api: APIClient, finished: Batch) -> None:
    failed = finished.pairs.first()
    ComparisonPair.objects.filter(pk=failed.pk).update(
        status="failed", winner="", error={"code": "TIMEOUT", "error_type": "timeout"}
    )
    pairs = f"{URL}/{finished.pk}/pairs"
    told = api.get(f"{pairs}?status=failed").data["results"]
    assert [pair["correlation_id"] for pair in told] == [str(failed.correlation_id)]
    assert told[0]["winner"] is None
    assert told[0]["error"]["error_type"] == "timeout"
    in_first = finished.pairs.filter(wave__number=1).count()
    assert api.get(f"{pairs}?wave=1").data["count"] == in_first
    assert api.get(f"{pairs}?wave=77").data["count"] == 0
    assert api.get(f"{pairs}?status=failed&wave=77").data["count"] == 0


@pytest.mark.parametrize("query", ["status=lost", "wave=first", "wave=0", "wave=99999999999999999"])
def test_a_filter_that_means_nothing_is_refused(
    api: APIClient, finished: Batch, query: str
) -> None:
    assert api.get(f"{URL}/{finished.pk}/pairs?{query}").status_code == 400


def test_no_answer_holds_essay_text(api: APIClient, finished: Batch) -> None:
    for path in ("", f"/{finished.pk}", f"/{finished.pk}/results", f"/{finished.pk}/pairs"):
        assert SECRET not in api.get(URL + path).content.decode()


def test_the_list_shows_the_newest_first_in_pages(api: APIClient) -> None:
    ids = [create(api, essays=[essay(1)]) for _ in range(3)]
    told = api.get(f"{URL}?page_size=2").data
    assert told["count"] == 3
    assert [row["id"] for row in told["results"]] == [ids[2], ids[1]]


def queries_of(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as queries:
        act()
    return len(queries)


def test_more_batches_cost_no_more_queries(api: APIClient) -> None:
    create(api)
    few = queries_of(lambda: api.get(URL))
    for number in range(5):
        create(api, assignment=f"assignment {number}")
    assert queries_of(lambda: api.get(URL)) == few


@pytest.mark.parametrize("path", ["pairs", "results"])
def test_more_essays_cost_no_more_queries(api: APIClient, finished: Batch, path: str) -> None:
    small = work(create(api, essays=[essay(1), essay(2)]))
    few = queries_of(lambda: api.get(f"{URL}/{small.pk}/{path}"))
    assert queries_of(lambda: api.get(f"{URL}/{finished.pk}/{path}")) == few


def test_cancelling_ends_the_batch_and_withdraws_what_was_not_sent(api: APIClient) -> None:
    batch_id = create(api)
    starting.start(batch_id)
    answer = api.post(f"{URL}/{batch_id}/cancel")
    assert answer.status_code == 200
    assert (answer.data["status"], answer.data["stop_reason"]) == ("CANCELLED", "cancelled")
    assert answer.data["pending"] == 0
    assert answer.data["completed_at"] is not None
    assert not QueueItem.objects.filter(batch_key=str(batch_id), delivered_at=None).exists()
    refused = api.get(f"{URL}/{batch_id}/results")
    assert refused.status_code == 409
    assert "was cancelled" in refused.data["detail"]


def test_cancelling_twice_is_refused(api: APIClient) -> None:
    batch_id = create(api)
    assert api.post(f"{URL}/{batch_id}/cancel").status_code == 200
    answer = api.post(f"{URL}/{batch_id}/cancel")
    assert answer.status_code == 409
    assert answer.data["detail"] == f"Batch {batch_id} has ended already: it is CANCELLED."


def test_cancelling_a_finished_batch_leaves_it_as_it_is(api: APIClient, finished: Batch) -> None:
    assert api.post(f"{URL}/{finished.pk}/cancel").status_code == 409
    finished.refresh_from_db()
    assert finished.status == Batch.Status.COMPLETED


def test_staff_may_cancel_any_batch(api: APIClient, staff: APIClient) -> None:
    assert staff.post(f"{URL}/{create(api)}/cancel").status_code == 200


def test_a_batch_belongs_to_whoever_created_it(
    api: APIClient, other: APIClient, staff: APIClient, teacher: User
) -> None:
    batch_id = create(api)
    create(other, label="autumn")
    assert [row["id"] for row in api.get(URL).data["results"]] == [batch_id]
    assert other.get(URL).data["count"] == 1
    assert staff.get(URL).data["count"] == 2
