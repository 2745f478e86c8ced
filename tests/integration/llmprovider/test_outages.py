"""A judge that cannot serve at all: what waits for it fails fast, and says why."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from llmprovider.calls.turns import take_turn
from llmprovider.contracts import ErrorType, QueueMode
from llmprovider.models import Bundle, Gate, QueueItem
from llmprovider.queueing.clean_up import clean_up
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import (
    at_once,
    bundle_of,
    items,
    queued,
    retry_at_once,
    statuses,
)
from tests.integration.spine.brokers import Broker

WRONG_KEY = judges.failing(ErrorType.AUTHENTICATION, "the key was refused")


@pytest.mark.django_db(transaction=True)
def test_a_wrong_key_costs_no_more_calls_than_are_under_way(monkeypatch):
    """T23: 80 bundles, 8 workers."""
    slots = 8
    all_asked = threading.Barrier(slots, timeout=60)

    def step(request):
        all_asked.wait()
        return WRONG_KEY(request)

    judge = judges.put_in(monkeypatch, step)
    queued(80, queue_mode=QueueMode.PER_REQUEST)
    at_once(slots, lambda: [take_turn() for _ in range(10)])
    assert len(judge.requests) == slots
    assert statuses() == ["failed"] * 80
    for item in items():
        assert (item.error["error_type"], item.error["message"]) == (
            "authentication",
            "the key was refused",
        )
        assert (item.error["outage"], item.error["retryable"]) == (True, False)
        assert item.attempts == item.error["attempts"] <= 1
    assert sum(item.attempts for item in items()) == slots


@pytest.mark.django_db
def test_what_comes_after_a_refusal_gets_a_try(monkeypatch):
    """The key may have been put right."""
    retry_at_once(monkeypatch)
    judge = judges.put_in(monkeypatch, WRONG_KEY, judges.well)
    bundle_of(2)
    take_turn()
    bundle_of(2, batch_key="later")
    take_turn()
    assert len(judge.requests) == 2
    assert statuses() == ["completed"] * 2 + ["failed"] * 2


@pytest.mark.django_db
def test_a_wrong_key_at_one_provider_leaves_the_others_alone(monkeypatch):
    """T9"""
    judges.put_in(monkeypatch, WRONG_KEY, provider="openai")
    judges.put_in(monkeypatch)
    bundle_of(2, overrides={"provider": "openai", "model": "gpt-4o"})
    bundle_of(2, batch_key="other")
    take_turn()
    take_turn()
    assert statuses() == ["completed"] * 2 + ["failed"] * 2


def open_for(long: timedelta, provider: str = "mock", model: str = "scripted") -> None:
    now = timezone.now()
    Gate.objects.update_or_create(
        provider=provider,
        model=model,
        defaults={
            "failures": 9,
            "opened_at": now - long,
            "open_until": now + timedelta(seconds=60),
            "open_seconds": 120.0,
            "error_type": ErrorType.OVERLOADED,
            "error_message": "overloaded",
        },
    )


@pytest.mark.django_db
def test_a_circuit_open_for_too_long_fails_what_waits(transactional_db):
    """P-11: and the results are sent home at once."""
    Broker().take()
    bundle = bundle_of(3)
    other = bundle_of(2, overrides={"model": "another"})
    QueueItem.objects.update(enqueued_at=timezone.now() - timedelta(seconds=901))
    open_for(timedelta(seconds=901))
    clean_up(timezone.now())
    assert Broker().take() == [("tests.take_results", [str(bundle.pk)])]
    failed = QueueItem.objects.filter(bundle=bundle)
    assert {(i.status, i.error["error_type"], i.error["outage"]) for i in failed} == {
        ("failed", "overloaded", True)
    }
    assert set(QueueItem.objects.filter(bundle=other).values_list("status", flat=True)) == {
        "queued"
    }


@pytest.mark.django_db
def test_what_comes_during_an_outage_waits_as_long_by_itself():
    """P-11: it may be over at the next probe."""
    before, later = bundle_of(3), bundle_of(2, batch_key="later")
    now = timezone.now()
    QueueItem.objects.filter(bundle=before).update(enqueued_at=now - timedelta(seconds=1_000))
    open_for(timedelta(seconds=1_500))
    clean_up(now)
    assert statuses() == ["failed"] * 3 + ["queued"] * 2
    QueueItem.objects.filter(bundle=later).update(enqueued_at=now - timedelta(seconds=901))
    clean_up(now)
    assert statuses() == ["failed"] * 5


@pytest.mark.django_db
def test_a_judge_that_rejects_every_request_ends_the_batch(monkeypatch):
    """T23: after as many calls as open a circuit, without waiting for the tolerance."""
    judge = judges.put_in(monkeypatch, judges.failing(ErrorType.INVALID_REQUEST, "not taken (400)"))
    queued(20, queue_mode=QueueMode.PER_REQUEST)
    for _ in range(20):
        take_turn()
    assert len(judge.requests) == 5
    assert statuses() == ["failed"] * 20
    assert {item.error["message"] for item in items()} == {"not taken (400)"}
    assert sorted(item.error["outage"] for item in items()) == [False] * 5 + [True] * 15


@pytest.mark.django_db
def test_rejected_calls_do_not_fail_what_another_batch_is_being_answered(monkeypatch):
    """T9: a refusal is quick and an answer slow, so the row of refusals alone shows nothing."""
    rejected = judges.failing(ErrorType.INVALID_REQUEST)

    def first(request):
        for _ in range(6):
            take_turn()
        return judges.well(request)

    judge = judges.put_in(monkeypatch, first, *[rejected] * 5, judges.well)
    queued(2, queue_mode=QueueMode.PER_REQUEST)

    queued(7, batch_key="other", queue_mode=QueueMode.PER_REQUEST)
    for _ in range(6):
        take_turn()
    assert len(judge.requests) == 9
    assert statuses() == ["completed"] * 4 + ["failed"] * 5
    assert not any(item.error["outage"] for item in items() if item.error)


@pytest.mark.django_db
def test_until_then_it_waits(monkeypatch):
    """P-11: without a call and without an attempt."""
    judge = judges.put_in(monkeypatch)
    bundle_of(3)
    open_for(timedelta(seconds=890))
    turn = take_turn()
    clean_up(timezone.now())
    assert turn.bundle is None
    assert turn.back_in is not None
    assert judge.requests == []
    assert statuses() == ["queued"] * 3
    assert Bundle.objects.get().waiting
