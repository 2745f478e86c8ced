"""From POST to results: accepted, judged, read in the order of the request."""

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from cjproject.celery import app
from llmprovider.api.statuses import FINAL, counts_of, status_of
from llmprovider.calls.processing import process
from llmprovider.contracts import ComparisonResult, ErrorType
from llmprovider.models import ComparisonSet, ProviderCall, QueueItem, StoredDocument
from llmprovider.queueing.clean_up import clean_up
from llmprovider.tasks import keep_results
from tests.integration.api.messages import drop_messages, take_messages
from tests.integration.comparisons_api.requests import (
    SECRET,
    URL,
    pair,
    request,
    text,
    waiting,
    work,
)
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import bundle_of, set_queue

pytestmark = pytest.mark.django_db(transaction=True)


def post(api: APIClient, **changes: Any) -> Any:
    answer = api.post(URL, request(**changes), format="json")
    assert answer.status_code == 202, answer.data
    return answer


def results(told: dict[str, Any]) -> list[ComparisonResult]:
    return [ComparisonResult.model_validate(one["result"]) for one in told["comparisons"]]


def test_it_answers_202_with_where_to_look(api: APIClient) -> None:
    answer = post(api)
    stored = ComparisonSet.objects.get()
    url = f"http://testserver{URL}/{stored.pk}"
    assert answer.json() == {"id": str(stored.pk), "status": "queued", "url": url}
    assert answer.headers["Location"] == url
    assert QueueItem.objects.count() == 3


def test_it_sends_a_message_for_each_bundle(api: APIClient) -> None:
    post(api)
    (bundle,) = waiting()
    assert take_messages() == [("llmprovider.process_bundle", [str(bundle.pk)])]


def test_it_tells_the_truth_at_every_step(api: APIClient) -> None:
    """T38: status, counts and results are those of the rows, before, during and after."""
    url = post(api, mode="per_request").json()["url"]
    told = api.get(url).json()
    assert (told["status"], told["counts"]["queued"], told["completed_at"]) == ("queued", 3, None)
    assert [one["result"] for one in told["comparisons"]] == [None] * 3

    first = QueueItem.objects.get(correlation_id=ComparisonSet.objects.get().correlation_id(0))
    process(str(first.bundle_id))
    told = api.get(url).json()
    assert (told["status"], told["counts"]["completed"], told["completed_at"]) == (
        "processing",
        1,
        None,
    )
    assert [one["result"] is None for one in told["comparisons"]] == [False, True, True]

    work()
    told = api.get(url).json()
    assert (told["status"], told["counts"]["completed"]) == ("completed", 3)
    assert told["completed_at"] is not None
    assert told["cost"]["calls"] == ProviderCall.objects.count() == 3
    assert told["cost"]["input_tokens"] > 0


def test_results_come_in_the_order_of_the_request_with_the_callers_ids_and_metadata(
    api: APIClient,
) -> None:
    comparisons = [
        pair(n, n + 1, metadata={"place": n, "deep": [{"å": None}]}) for n in range(1, 8)
    ]
    url = post(api, comparisons=comparisons).json()["url"]
    work()
    told = api.get(url).json()
    assert [(one["first"], one["second"]) for one in told["comparisons"]] == [
        (f"t{n}", f"t{n + 1}") for n in range(1, 8)
    ]
    for number, result in enumerate(results(told), start=1):
        assert result.request_metadata["place"] == number
        assert result.request_metadata["deep"] == [{"å": None}]
        item = QueueItem.objects.get(correlation_id=result.correlation_id)
        assert item.first.text == text(number)["text"]
        assert item.second.text == text(number + 1)["text"]
        assert result.winner == item.winner


def test_one_comparison_needs_no_list(api: APIClient) -> None:
    url = post(api, comparisons=None, **pair(1, 2, metadata={"mine": 1})).json()["url"]
    work()
    told = api.get(url).json()
    assert [(one["first"], one["second"]) for one in told["comparisons"]] == [("t1", "t2")]
    assert results(told)[0].request_metadata["mine"] == 1


def test_what_is_asked_reaches_the_judge(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """T28: instructions and parameters as they were sent."""
    judge = judges.put_in(monkeypatch, provider="openai")
    post(
        api,
        provider="openai",
        model="gpt-4.1",
        temperature=0.0,
        max_tokens=4_000,
        priority=2,
        instructions={"system_prompt": "You are a bee.", "task": "Buzz.", "rubric": "Louder."},
    )
    assert {item.priority for item in QueueItem.objects.all()} == {2}
    work()
    (call,) = judge.requests
    assert (call.provider, call.model, call.temperature) == ("openai", "gpt-4.1", 0.0)
    assert call.max_tokens == 4_000
    for words in ("You are a bee.", "Buzz.", "Louder."):
        assert words in call.system


@pytest.mark.parametrize(("mode", "calls"), [("per_request", 3), ("serial_bundle", 1)])
def test_the_mode_says_how_many_share_a_call(api: APIClient, mode: str, calls: int) -> None:
    post(api, mode=mode)
    work()
    assert [call.items_count for call in ProviderCall.objects.all()] == [3 // calls] * calls


def test_a_model_left_out_is_the_providers_default(api: APIClient) -> None:
    post(api, model=None)
    assert ComparisonSet.objects.get().model == "latent-quality"


def test_texts_are_stored_as_the_judge_is_shown_them(api: APIClient) -> None:
    """Control characters and stray surrogates go; what a database cannot hold never reaches it."""
    dirty = text(1, text="One\r\nTwo\x00\x07\ud800.")
    body = json.dumps(request(comparisons=[{"first": dirty, "second": text(2)}]))
    assert api.post(URL, body, content_type="application/json").status_code == 202
    assert StoredDocument.objects.filter(text="One\nTwo.").exists()


@pytest.mark.parametrize(
    ("steps", "status", "counts"),
    [
        ([judges.failing(ErrorType.REFUSAL)], "failed", (0, 3)),
        ([judges.well, judges.failing(ErrorType.REFUSAL)], "partial", (1, 2)),
    ],
)
def test_it_tells_failures_apart(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, steps: Any, status: str, counts: Any
) -> None:
    """T38"""
    judges.put_in(monkeypatch, *steps)
    url = post(api, mode="per_request").json()["url"]
    work()
    told = api.get(url).json()
    assert told["status"] == status
    assert (told["counts"]["completed"], told["counts"]["failed"]) == counts
    failed = [result for result in results(told) if result.error_detail]
    assert {result.error_detail.error_type for result in failed} == {ErrorType.REFUSAL}


def test_comparisons_that_waited_too_long_have_failed(api: APIClient) -> None:
    url = post(api).json()["url"]
    clean_up(timezone.now() + timedelta(days=1))
    told = api.get(url).json()
    assert (told["status"], told["counts"]["failed"]) == ("failed", 3)
    assert {result.error_detail.error_type for result in results(told)} == {ErrorType.EXPIRED}


def test_beyond_its_cap_nothing_is_asked(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """No call, no cost, and the reason in every result; it is a failure, not a cancellation."""
    judge = judges.put_in(monkeypatch, provider="openai")
    price = {"input_per_million": "1000", "output_per_million": "1000"}
    judged_by = {"provider": "openai", "model": "of-tomorrow", "price": price}
    url = post(api, **judged_by, money_cap_usd="0.0001").json()["url"]
    work()
    told = api.get(url).json()
    assert judge.requests == []
    assert (told["status"], told["counts"]["cancelled"], told["cost"]["usd"]) == ("failed", 3, 0.0)
    assert all("money cap" in result.error_detail.message for result in results(told))


def test_a_result_is_there_once_however_often_its_messages_come(api: APIClient) -> None:
    """T36: every message delivered three times; one call, one result, one acknowledgement."""
    url = post(api).json()["url"]
    work(times=3)
    before = list(QueueItem.objects.order_by("pk").values())
    told = api.get(url).json()
    for item in before:
        assert item["delivered_at"] is not None
        keep_results(str(item["bundle_id"]))
    clean_up(timezone.now() + timedelta(hours=1))
    assert list(QueueItem.objects.order_by("pk").values()) == before
    assert api.get(url).json() == told
    assert ProviderCall.objects.count() == 1


def test_a_lost_delivery_is_made_good_and_needed_by_nobody(api: APIClient) -> None:
    """T36: results are read from the rows; the clean-up sees to the acknowledgement."""
    url = post(api).json()["url"]
    (bundle,) = waiting()
    process(str(bundle.pk))
    drop_messages()
    assert api.get(url).json()["status"] == "completed"
    clean_up(timezone.now() + timedelta(minutes=5))
    assert take_messages() == [("llmprovider.keep_results", [str(bundle.pk)])]
    keep_results(str(bundle.pk))
    assert not QueueItem.objects.filter(delivered_at__isnull=True).exists()


def test_it_acknowledges_nothing_that_goes_home_by_another_task(api: APIClient) -> None:
    """A misdirected message must not swallow the results of a batch."""
    bundle = bundle_of(2, overrides={"model": "latent-quality"})
    process(str(bundle.pk))
    assert QueueItem.objects.filter(finished_at__isnull=False).count() == 2
    keep_results(str(bundle.pk))
    assert QueueItem.objects.filter(delivered_at__isnull=True).count() == 2


def test_no_answer_and_no_log_holds_a_text(
    api: APIClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [answer := post(api)]
    work()
    url = answer.json()["url"]
    answers += [api.get(url), api.get(URL), api.post(f"{url}/cancel")]
    for one in answers:
        assert SECRET not in json.dumps(one.json())
    assert SECRET not in caplog.text


def test_a_broker_that_is_away_loses_nothing(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request is stored and answered; the clean-up sends the message."""
    with monkeypatch.context() as away:
        away.setattr(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
        away.setattr(app.amqp, "_producer_pool", None)
        url = post(api).json()["url"]
    assert take_messages() == []
    assert api.get(url).json()["status"] == "queued"
    clean_up(timezone.now() + timedelta(minutes=5))
    assert [name for name, _ in take_messages()] == ["llmprovider.process_bundle"]


def test_the_list_shows_ones_own_newest_first(api: APIClient, teacher: User) -> None:
    urls = [post(api).json()["url"] for _ in range(3)]
    work()
    urls.append(post(api).json()["url"])
    page = api.get(URL, {"page_size": 3}).json()
    assert page["count"] == 4
    assert [one["url"] for one in page["results"]] == urls[:0:-1]
    assert [one["status"] for one in page["results"]] == ["queued", "completed", "completed"]
    assert "comparisons" not in page["results"][0]
    (last,) = api.get(page["next"]).json()["results"]
    assert last["url"] == urls[0]


def test_every_state_of_a_queue_item_is_counted() -> None:
    for state in QueueItem.Status.values:
        counts = counts_of({state: 2})
        assert counts.total == 2
        final = state not in {str(one) for one in QueueItem.OPEN}
        assert (status_of(counts, cancelled=False) in FINAL) is final


def test_the_queue_takes_its_time_to_live(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    set_queue(monkeypatch, QUEUED_TTL_SECONDS=60)
    post(api)
    (life,) = {item.expires_at - item.enqueued_at for item in QueueItem.objects.all()}
    assert life.total_seconds() == 60
