"""A full queue says so, stores nothing, and takes the request when there is room again."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from llmprovider.models import Bundle, ComparisonSet, InstructionSet, QueueItem, StoredDocument
from tests.integration.api.messages import take_messages
from tests.integration.comparisons_api.requests import URL, request, work
from tests.integration.llmprovider.comparisons import set_queue

pytestmark = pytest.mark.django_db(transaction=True)


def post(api: APIClient, **changes: Any) -> Any:
    return api.post(
        URL, request(**changes), format="json", headers={"Idempotency-Key": str(changes)}
    )


def test_it_is_503_with_retry_after_and_nothing_is_stored(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T4"""
    set_queue(monkeypatch, QUEUE_CAPACITY=5)
    assert post(api).status_code == 202
    take_messages()
    stored = (Bundle, ComparisonSet, InstructionSet, QueueItem, StoredDocument)
    before = [model.objects.count() for model in stored]
    answer = post(api, priority=1, instructions={"task": "Another one."})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "queue is full" in answer.data["detail"]
    assert [model.objects.count() for model in stored] == before
    assert take_messages() == []


def test_the_same_request_is_taken_when_there_is_room(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T4: its key is free, since nothing came of the first try."""
    set_queue(monkeypatch, QUEUE_CAPACITY=5)
    post(api)
    assert post(api, priority=1).status_code == 503
    work()
    assert post(api, priority=1).status_code == 202


def test_exactly_the_capacity_is_taken(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """T4"""
    set_queue(monkeypatch, QUEUE_CAPACITY=3)
    assert post(api).status_code == 202


def test_what_never_fits_is_refused_for_good(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking again later would not help, so it is 400 and not 503."""
    set_queue(monkeypatch, QUEUE_CAPACITY=2)
    answer = post(api)
    assert answer.status_code == 400
    assert "the queue holds 2 at most" in answer.data["comparisons"][0]
