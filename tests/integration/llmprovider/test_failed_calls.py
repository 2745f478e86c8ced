"""Calls without an answer: who is asked again, how often, and when."""

from datetime import timedelta

import pytest
from django.utils import timezone

from llmprovider.calls.processing import process
from llmprovider.contracts import ErrorType
from llmprovider.contracts import queue as judge_queue
from llmprovider.models import Bundle, ProviderCall, QueueItem
from llmprovider.queueing.clean_up import free_leases
from llmprovider.tasks import process_bundle
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import (
    bundle_of,
    items,
    retry_at_once,
    set_queue,
    statuses,
    work,
    work_once,
)

pytestmark = pytest.mark.django_db

NO_FAULT_OF_THE_SIZE = [
    ErrorType.RATE_LIMIT,
    ErrorType.OVERLOADED,
    ErrorType.SERVER_ERROR,
    ErrorType.CONNECTION,
]
NEVER_AGAIN = [ErrorType.AUTHENTICATION, ErrorType.INVALID_REQUEST, ErrorType.REFUSAL]


@pytest.mark.parametrize("error_type", NO_FAULT_OF_THE_SIZE)
def test_it_asks_again_whole(monkeypatch, error_type):
    """T15, T23"""
    retry_at_once(monkeypatch)
    judge = judges.put_in(monkeypatch, judges.failing(error_type), judges.well)
    bundle_of(8)
    work()
    assert judge.sizes == [8, 8]
    assert statuses() == ["completed"] * 8


def test_a_time_out_is_halved(monkeypatch):
    """T15"""
    retry_at_once(monkeypatch)
    judge = judges.put_in(monkeypatch, judges.failing(ErrorType.TIMEOUT), judges.well)
    bundle_of(8)
    work()
    assert judge.sizes == [8, 4, 4]


@pytest.mark.parametrize("error_type", NEVER_AGAIN)
def test_what_would_fail_again_is_asked_once(monkeypatch, error_type):
    """T23"""
    judge = judges.put_in(monkeypatch, judges.failing(error_type))
    bundle_of(3)
    work()
    assert judge.sizes == [3]
    for item in items():
        assert item.status == "failed"
        assert (item.error["error_type"], item.error["retryable"]) == (error_type, False)


@pytest.mark.parametrize("attempts", [1, 3])
def test_it_gives_up_after_the_attempts_allowed(monkeypatch, attempts):
    retry_at_once(monkeypatch)
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=attempts)
    judge = judges.put_in(monkeypatch, judges.failing(ErrorType.OVERLOADED))
    bundle_of(2)
    work()
    assert judge.sizes == [2] * attempts
    assert {(i.status, i.attempts, i.error["attempts"]) for i in items()} == {
        ("failed", attempts, attempts)
    }
    assert list(ProviderCall.objects.order_by("started_at").values_list("attempt", flat=True)) == [
        *range(1, attempts + 1)
    ]


def test_being_turned_away_is_no_attempt(monkeypatch):
    """T8: its time to live bounds the wait, and a worker's death is not held against it."""
    retry_at_once(monkeypatch)
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=2)
    turned_away = judges.failing(ErrorType.RATE_LIMIT)
    judge = judges.put_in(monkeypatch, *[turned_away] * 6, judges.well)
    bundle_of(2)
    for _ in range(6):
        work_once()
    assert {(item.status, item.attempts, item.claims) for item in items()} == {("queued", 0, 0)}
    work()
    assert judge.sizes == [2] * 7
    assert {(item.status, item.attempts) for item in items()} == {("completed", 1)}


def test_a_call_that_no_minute_has_room_for_is_not_asked_for_ever(monkeypatch):
    retry_at_once(monkeypatch)
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=2)
    judges.put_in(monkeypatch, judges.failing(ErrorType.RATE_LIMIT, size=True))
    bundle_of(1)
    work()
    assert [(item.status, item.attempts) for item in items()] == [("failed", 2)]


def test_an_error_tells_who_failed_and_how(monkeypatch):
    """T37"""
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1)
    judges.put_in(monkeypatch, judges.failing(ErrorType.OVERLOADED, "slow down", 7.0))
    bundle = bundle_of(2)
    process(str(bundle.pk))
    for result in judge_queue.results_of(str(bundle.pk)):
        assert result.winner is None
        error = result.error_detail
        assert (error.code, error.error_type) == ("EXTERNAL_SERVICE_ERROR", "overloaded")
        assert (error.provider, error.model, error.attempts) == ("mock", "scripted", 1)
        assert (error.message, error.retry_after, error.retryable) == ("slow down", 7.0, True)
        assert error.correlation_id == result.correlation_id


def test_it_waits_as_long_as_the_provider_asks(monkeypatch):
    """T8"""
    judge = judges.put_in(monkeypatch, judges.failing(ErrorType.RATE_LIMIT, retry_after=90.0))
    before = timezone.now()
    process(str(bundle_of(2).pk))
    retry = QueueItem.objects.first().bundle
    assert (retry.not_before - before).total_seconds() >= 90
    process(str(retry.pk))
    assert judge.sizes == [2], "a retry announced too early is not worked"


def test_waits_grow_with_each_attempt_and_are_bounded(monkeypatch):
    """T8: base, jittered by half, doubled with each attempt, at most the longest wait."""
    set_queue(
        monkeypatch,
        QUEUE_RETRY_BASE_SECONDS=10,
        QUEUE_RETRY_MAX_SECONDS=25,
        QUEUE_MAX_ATTEMPTS=4,
    )
    judges.put_in(monkeypatch, judges.failing(ErrorType.OVERLOADED))
    bundle = bundle_of(2)
    for shortest, longest in ((5, 15), (10, 25), (20, 25)):
        before = timezone.now()
        process(str(bundle.pk))
        after = timezone.now()
        bundle = QueueItem.objects.first().bundle
        assert before + timedelta(seconds=shortest) <= bundle.not_before
        assert bundle.not_before <= after + timedelta(seconds=longest)
        Bundle.objects.filter(pk=bundle.pk).update(not_before=timezone.now())


def test_other_comparisons_do_not_wait_for_a_retry(monkeypatch):
    """T8"""
    judge = judges.put_in(monkeypatch, judges.failing(ErrorType.RATE_LIMIT), judges.well)
    process(str(bundle_of(2).pk))
    other = {"model": "another"}  # the pause that a 429 asks for is the model's
    process(str(bundle_of(3, batch_key="batch-2", overrides=other).pk))
    assert judge.sizes == [2, 3]
    assert statuses() == ["completed"] * 3 + ["queued"] * 2


def test_a_crash_in_an_adapter_frees_its_comparisons_at_the_next_sweep(monkeypatch):
    """T2: nobody waits for a lease of ten minutes, and the message ends well."""

    def crash(request):
        raise RuntimeError("a bug")

    judges.put_in(monkeypatch, crash, judges.well)
    bundle = bundle_of(2)
    assert process_bundle(str(bundle.pk)) == str(bundle.pk)
    call = ProviderCall.objects.get()
    assert (call.finished_at, call.error_type) == (None, "server_error")
    assert "RuntimeError" in call.error_message
    free_leases(timezone.now())
    assert statuses() == ["queued"] * 2
    work()
    assert statuses() == ["completed"] * 2


def test_a_bug_that_stays_ends_its_comparisons(monkeypatch):
    """P-70: after as many claims as there may be attempts."""

    def crash(request):
        raise RuntimeError("a bug")

    judges.put_in(monkeypatch, crash)
    bundle = bundle_of(2)
    for _ in range(4):
        process_bundle(str(bundle.pk))
        free_leases(timezone.now())
    assert statuses() == ["expired"] * 2
    assert ProviderCall.objects.count() == 4


def test_what_is_too_large_is_halved_until_it_fits(monkeypatch):
    """T15: a context that is too long says so as an invalid request."""
    retry_at_once(monkeypatch)

    def small(request):
        if len(judges.asked(request)) > 2:
            return judges.failing(ErrorType.INVALID_REQUEST, size=True)(request)
        return judges.well(request)

    judge = judges.put_in(monkeypatch, small)
    bundle_of(8)
    work()
    assert judge.sizes == [8, 4, 4, 2, 2, 2, 2]
    assert statuses() == ["completed"] * 8


def test_one_comparison_that_is_too_large_is_asked_once(monkeypatch):
    """T15"""
    judge = judges.put_in(monkeypatch, judges.failing(ErrorType.INVALID_REQUEST, size=True))
    bundle_of(1)
    work()
    assert judge.sizes == [1]
    assert items()[0].error["retryable"] is False


def test_a_failed_call_is_on_record_with_its_cause(monkeypatch):
    judges.put_in(monkeypatch, judges.failing(ErrorType.SERVER_ERROR, "bad gateway"))
    process(str(bundle_of(2).pk))
    call = ProviderCall.objects.get()
    assert (call.error_type, call.error_message) == ("server_error", "bad gateway")
    assert call.finished_at is not None
