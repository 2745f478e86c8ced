"""Cancelling: what no provider has seen is taken back, the rest is kept."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from llmprovider.calls.processing import process
from llmprovider.models import ComparisonSet, ProviderCall, QueueItem
from llmprovider.queueing.leases import claim
from tests.integration.comparisons_api.requests import URL, request, waiting, work
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import statuses

pytestmark = pytest.mark.django_db(transaction=True)


def post(api: APIClient, **changes: Any) -> str:
    url: str = api.post(URL, request(**changes), format="json").json()["url"]
    return url


def test_what_waits_is_taken_back_and_never_judged(api: APIClient) -> None:
    url = post(api)
    answer = api.post(f"{url}/cancel")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["status"], told["counts"]["cancelled"]) == ("cancelled", 3)
    assert told["cancelled_at"] is not None
    assert {one["result"]["error_detail"]["error_type"] for one in told["comparisons"]} == {
        "cancelled"
    }
    work()
    assert not ProviderCall.objects.exists()
    assert not QueueItem.objects.filter(delivered_at__isnull=True).exists()


def test_what_is_judged_stays(api: APIClient) -> None:
    url = post(api, mode="per_request")
    process(str(waiting()[0].pk))
    told = api.post(f"{url}/cancel").json()
    assert told["status"] == "cancelled"
    assert (told["counts"]["completed"], told["counts"]["cancelled"]) == (1, 2)


def test_a_call_under_way_brings_its_results(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it lasts the request is processing, and the truth is told when it ends."""
    url = post(api)
    during: list[dict[str, Any]] = []

    def cancelled_meanwhile(call: Any) -> Any:
        during.append(api.post(f"{url}/cancel").json())
        return judges.well(call)

    judges.put_in(monkeypatch, cancelled_meanwhile)
    work()
    assert [(told["status"], told["counts"]["processing"]) for told in during] == [
        ("processing", 3)
    ]
    assert during[0]["cancelled_at"] is not None
    assert api.get(url).json()["status"] == "completed"


def test_cancelling_twice_changes_nothing_more(api: APIClient) -> None:
    url = post(api)
    first = api.post(f"{url}/cancel")
    second = api.post(f"{url}/cancel")
    assert (second.status_code, second.json()) == (200, first.json())


def test_what_has_ended_is_left_as_it_is(api: APIClient) -> None:
    url = post(api)
    work()
    before = api.get(url).json()
    assert api.post(f"{url}/cancel").status_code == 409
    assert api.get(url).json() == before


def test_nobody_elses_comparisons_are_touched(api: APIClient, other: APIClient) -> None:
    mine, theirs = post(api), post(other)
    assert other.post(f"{mine}/cancel").status_code == 404
    assert statuses() == ["queued"] * 6
    api.post(f"{mine}/cancel")
    assert other.get(theirs).json()["counts"]["queued"] == 3


def test_a_comparison_leased_to_a_dead_worker_is_not_asked_again(api: APIClient) -> None:
    from llmprovider.queueing.clean_up import clean_up

    url = post(api)
    claim(waiting()[0], timezone.now())
    api.post(f"{url}/cancel")
    clean_up(timezone.now() + timezone.timedelta(hours=1))
    told = api.get(url).json()
    assert told["counts"]["queued"] == told["counts"]["processing"] == 0
    assert ComparisonSet.objects.get().cancelled_at is not None
    work()
    assert not ProviderCall.objects.exists()
