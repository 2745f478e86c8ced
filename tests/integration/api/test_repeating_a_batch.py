"""Idempotency keys of batches: a request that is sent again is not judged or billed again."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from assessment.api.views import BatchViewSet
from assessment.models import Batch, Essay
from tests.integration.api.batches import JUDGE, SCALE, SECRET, request, work
from tests.integration.api.messages import take_messages
from tests.integration.llmprovider.comparisons import at_once

URL = "/api/v1/batches"
KEY = "exam 9a/1"

pytestmark = pytest.mark.django_db(transaction=True)


def post(api: APIClient, key: str | None = KEY, **changes: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return api.post(URL, request(**changes), format="json", headers=headers)


def test_the_same_key_and_body_give_the_same_batch_and_one_start(api: APIClient) -> None:
    """T5: one batch, one message, and the answer of the first time with the state of now."""
    first, second = post(api), post(api)
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert first.headers["Location"] == second.headers["Location"]
    assert Batch.objects.count() == 1
    assert len(take_messages()) == 1
    work(first.json()["id"])
    take_messages()
    third = post(api).json()
    assert (third["id"], third["status"]) == (first.json()["id"], "COMPLETED")
    assert take_messages() == []


def test_the_order_of_the_fields_makes_no_other_request(api: APIClient) -> None:
    turned = json.dumps(dict(reversed(request().items())), indent=3)
    second = api.post(
        URL, turned, content_type="application/json", headers={"Idempotency-Key": KEY}
    )
    assert post(api).json()["id"] == second.json()["id"]


def test_the_same_key_with_another_body_is_a_conflict(api: APIClient) -> None:
    """T5: whatever is wrong with the body."""
    stored = post(api).json()["id"]
    for changes in ({"label": "autumn"}, {"judges": [{"provider": "nobody"}]}):
        answer = post(api, **changes)
        assert answer.status_code == 409
        assert f"batch {stored}" in answer.data["detail"]
        assert SECRET not in answer.content.decode()
    assert Batch.objects.count() == 1


def form(text: str = "Schools are good.", name: str = "anna.txt") -> dict[str, Any]:
    return {
        "assignment": "schools",
        "grade_scale": ",".join(SCALE),
        "judges": json.dumps([JUDGE]),
        "students": [
            SimpleUploadedFile(name, text.encode()),
            SimpleUploadedFile("bo.txt", b"Schools are bad."),
        ],
    }


def test_files_are_part_of_the_request(api: APIClient) -> None:
    """By name and content; a repeat is read whole, though its files have been looked at before."""

    def send(**changes: str) -> Any:
        body = form(**changes)
        return api.post(URL, body, format="multipart", headers={"Idempotency-Key": KEY})

    first = send()
    assert first.status_code == 201, first.data
    assert set(Essay.objects.values_list("text", flat=True)) == {
        "Schools are good.",
        "Schools are bad.",
    }
    assert send().json()["id"] == first.json()["id"]
    assert send(text="Schools are goof.").status_code == 409
    assert send(name="anne.txt").status_code == 409
    assert Batch.objects.count() == 1


def test_twins_at_the_same_moment_are_stored_once(api: APIClient) -> None:
    """T5: the unique constraint decides, and every twin gets the one answer."""
    token = str(api._credentials["HTTP_AUTHORIZATION"])
    answers: list[Any] = []

    def ask() -> None:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=token)
        answers.append(post(client))

    at_once(6, ask)
    assert [answer.status_code for answer in answers] == [201] * 6
    assert {answer.json()["id"] for answer in answers} == {Batch.objects.get().pk}
    assert Essay.objects.count() == 5


def test_a_twin_that_is_stored_between_look_and_write_wins(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T5: the race at its narrowest, by storing the twin where the request has looked already."""
    read = BatchViewSet._spec
    twins: list[int] = []

    def overtaken(view: BatchViewSet, payload: object) -> Any:
        monkeypatch.setattr(BatchViewSet, "_spec", read)
        twins.append(post(api).json()["id"])
        return read(view, payload)

    monkeypatch.setattr(BatchViewSet, "_spec", overtaken)
    answer = post(api)
    assert (answer.status_code, answer.json()["id"]) == (201, twins[0])
    assert Batch.objects.count() == 1
    assert Essay.objects.count() == 5


def test_without_a_key_two_requests_are_two(api: APIClient) -> None:
    assert post(api, key=None).json()["id"] != post(api, key=None).json()["id"]


def test_a_key_belongs_to_its_user(api: APIClient, other: APIClient) -> None:
    assert post(api).json()["id"] != post(other, label="autumn").json()["id"]


def test_a_refused_request_leaves_its_key_free(api: APIClient) -> None:
    assert post(api, judges=[{"provider": "nobody"}]).status_code == 400
    assert post(api).status_code == 201


def test_a_plan_takes_no_key(api: APIClient) -> None:
    headers = {"Idempotency-Key": KEY}
    assert api.post(f"{URL}/plan", request(), format="json", headers=headers).status_code == 200
    assert post(api, label="another").status_code == 201


@pytest.mark.parametrize("key", ["", "k" * 201, "k\u00e9", "a\tb"])
def test_a_key_that_cannot_be_stored_is_refused(api: APIClient, key: str) -> None:
    answer = post(api, key=key)
    assert answer.status_code == 400
    assert list(answer.data) == ["Idempotency-Key"]
    assert not Batch.objects.exists()
