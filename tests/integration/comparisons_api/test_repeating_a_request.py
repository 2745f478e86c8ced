"""Idempotency keys: a request that is sent again is not judged or billed again."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from llmprovider.models import ComparisonSet, ProviderCall, QueueItem
from tests.integration.api.messages import take_messages
from tests.integration.comparisons_api.requests import SECRET, URL, request, work
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import at_once, set_queue

pytestmark = pytest.mark.django_db(transaction=True)

KEY = "order 66/a"


def post(api: APIClient, key: str | None = KEY, **changes: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return api.post(URL, request(**changes), format="json", headers=headers)


def test_the_same_key_and_body_give_the_same_answer_and_one_charge(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T5: one item, one message, one call, one acknowledgement."""
    judge = judges.put_in(monkeypatch)
    first, second = post(api), post(api)
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert first.headers["Location"] == second.headers["Location"]
    assert ComparisonSet.objects.count() == 1
    assert QueueItem.objects.count() == 3
    assert len(take_messages()) == 1
    work()
    third = post(api).json()
    assert third == first.json() | {"status": "completed"}
    work()
    assert len(judge.requests) == ProviderCall.objects.count() == 1


def test_the_order_of_the_fields_makes_no_other_request(api: APIClient) -> None:
    asked = request()
    turned = json.dumps(dict(reversed(asked.items())), indent=3)
    first = post(api)
    second = api.post(
        URL, turned, content_type="application/json", headers={"Idempotency-Key": KEY}
    )
    assert first.json() == second.json()


def test_the_same_key_with_another_body_is_a_conflict(api: APIClient) -> None:
    """T5"""
    stored = post(api).json()["id"]
    answer = post(api, priority=1)
    assert answer.status_code == 409
    assert stored in answer.data["detail"]
    assert SECRET not in answer.content.decode()
    assert QueueItem.objects.count() == 3


def test_a_body_that_is_wrong_is_a_conflict_where_the_key_is_taken(api: APIClient) -> None:
    """Whatever is wrong with it: the key stands for the first request."""
    post(api)
    assert post(api, provider="nobody").status_code == 409


def test_twins_at_the_same_moment_are_stored_once(api: APIClient, teacher: User) -> None:
    """T5: the unique constraint decides, and every twin gets the one answer."""
    token = str(api._credentials["HTTP_AUTHORIZATION"])
    answers: list[Any] = []

    def ask() -> None:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=token)
        answers.append(post(client))

    at_once(6, ask)
    assert [answer.status_code for answer in answers] == [202] * 6
    assert {answer.json()["id"] for answer in answers} == {str(ComparisonSet.objects.get().pk)}
    assert QueueItem.objects.count() == 3


def test_a_twin_that_is_stored_between_look_and_write_wins(
    api: APIClient, teacher: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T5: the race at its narrowest, by storing the twin where the request has looked already."""
    from llmprovider.api import creation

    judge_of = creation._judge

    def overtaken(asked: Any) -> Any:
        monkeypatch.setattr(creation, "_judge", judge_of)
        overtaken.twin = post(api).json()  # type: ignore[attr-defined]
        return judge_of(asked)

    monkeypatch.setattr(creation, "_judge", overtaken)
    answer = post(api)
    assert (answer.status_code, answer.json()) == (202, overtaken.twin)  # type: ignore[attr-defined]
    assert ComparisonSet.objects.count() == 1
    assert QueueItem.objects.count() == 3


def test_without_a_key_two_requests_are_two(api: APIClient) -> None:
    assert post(api, key=None).json()["id"] != post(api, key=None).json()["id"]


def test_a_key_belongs_to_its_user(api: APIClient, other: APIClient) -> None:
    assert post(api).json()["id"] != post(other, priority=1).json()["id"]


def test_a_refused_request_leaves_its_key_free(api: APIClient) -> None:
    assert post(api, provider="nobody").status_code == 400
    assert post(api).status_code == 202


def test_a_repeat_is_answered_though_the_queue_is_full(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = post(api)
    set_queue(monkeypatch, QUEUE_CAPACITY=3)
    assert post(api).json() == first.json()


@pytest.mark.parametrize("key", ["", "k" * 201, "k\u00e9", "a\tb"])
def test_a_key_that_cannot_be_stored_is_refused(api: APIClient, key: str) -> None:
    answer = post(api, key=key)
    assert answer.status_code == 400
    assert list(answer.data) == ["Idempotency-Key"]
    assert not ComparisonSet.objects.exists()


def test_a_key_of_the_greatest_length_is_taken(api: APIClient) -> None:
    assert post(api, key="k" * 200).json() == post(api, key="k" * 200).json()
