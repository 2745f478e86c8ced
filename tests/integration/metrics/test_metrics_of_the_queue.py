"""What ends otherwise than by an answer is counted once, at the moment that it happens."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.utils import timezone

from llmprovider import tallies
from llmprovider.api.results import KEEP_RESULTS, keep
from llmprovider.calls.admissions import Postponed, begin
from llmprovider.calls.processing import process
from llmprovider.contracts import ErrorType
from llmprovider.contracts import queue as judge_queue
from llmprovider.models import ProviderCall, QueueItem
from llmprovider.queueing.clean_up import clean_up
from llmprovider.queueing.leases import claim
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import (
    bundle_of,
    items,
    queued,
    set_queue,
    work_once,
)
from tests.integration.metrics.accounts import assert_the_calls_agree, assert_the_queue_agrees
from tests.integration.metrics.meters import Meter

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=601)
TTL = timedelta(hours=4, seconds=1)
EXPIRY = ("provider", "queue_processing_mode", "expiry_reason")


def deliver_all() -> None:
    judge_queue.acknowledge([one.correlation_id for one in items() if one.finished_at])


def test_waiting_ends_with_the_first_claim():
    """T42: wait = claim time - enqueue time, once per comparison"""
    bundle = bundle_of(3)
    came = items()[0].enqueued_at
    meter = Meter()
    claim(bundle, came + timedelta(seconds=40))
    clean_up(came + timedelta(seconds=40) + LEASE)
    claim(bundle, came + timedelta(seconds=90) + LEASE)
    waits = "llm_provider_queue_wait_time_seconds"
    assert meter.by(f"{waits}_count", "queue_processing_mode") == {("serial_bundle",): 3}
    expected = sum(40 - (one.enqueued_at - came).total_seconds() for one in items())
    assert meter.total(f"{waits}_sum") == pytest.approx(expected)


def test_an_expiry_is_one_wait_one_expiry_and_one_callback():
    """T7, T42"""
    meter = Meter()
    bundle_of(2)
    now = timezone.now() + TTL
    for _ in range(2):
        clean_up(now)
        deliver_all()
    assert meter.by("llm_provider_queue_expiry_total", *EXPIRY) == {
        ("mock", "serial_bundle", "ttl"): 2
    }
    age = sum((now - one.enqueued_at).total_seconds() for one in items())
    assert meter.total("llm_provider_queue_expiry_age_seconds_sum") == pytest.approx(age)
    assert meter.total("llm_provider_queue_wait_time_seconds_sum") == pytest.approx(age)
    assert meter.by("llm_provider_comparison_callbacks_total", "result") == {("expired",): 2}
    assert meter.total("llm_provider_requests_seconds_count") == 0, "no time of processing"
    assert_the_queue_agrees(meter)


def test_what_kills_every_worker_expires_with_its_lease(monkeypatch):
    """T7"""
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1)
    bundle = bundle_of(1)
    meter = Meter()
    now = timezone.now()
    claim(bundle, now)
    clean_up(now + LEASE)
    assert meter.by("llm_provider_queue_expiry_total", "expiry_reason") == {("lease",): 1}
    assert meter.total("llm_provider_queue_wait_time_seconds_count") == 1


def test_what_is_taken_back_is_delivered_as_cancelled():
    """The caller knows as soon as it has asked."""
    meter = Meter()
    bundle_of(2)
    judge_queue.withdraw("batch-1")
    deliver_all()
    assert meter.by("llm_provider_comparison_callbacks_total", "result") == {("cancelled",): 2}
    assert_the_queue_agrees(meter)


def test_a_result_counts_as_delivered_when_it_is_recorded_and_once(monkeypatch):
    """T42: callbacks = results delivered"""
    judges.put_in(monkeypatch, judges.without(0))
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1)
    bundle = bundle_of(3)
    meter = Meter()
    process(str(bundle.pk))
    assert meter.total("llm_provider_comparison_callbacks_total") == 0
    for _ in range(2):
        deliver_all()
    assert meter.by("llm_provider_comparison_callbacks_total", "result") == {
        ("success",): 2,
        ("error",): 1,
    }


def test_results_asked_for_over_http_are_delivered_when_they_are_kept(monkeypatch):
    judges.put_in(monkeypatch)
    bundle = bundle_of(2, on_results=KEEP_RESULTS)
    meter = Meter()
    process(str(bundle.pk))
    for _ in range(2):
        keep(str(bundle.pk))
    assert meter.by("llm_provider_comparison_callbacks_total", "result") == {("success",): 2}


def test_what_ends_while_results_are_kept_is_counted_when_it_is_kept(monkeypatch):
    """T42: callbacks = results delivered, whatever another worker commits meanwhile"""
    judges.put_in(monkeypatch)
    bundle = bundle_of(2, on_results=KEEP_RESULTS)
    process(str(bundle.pk))
    later = QueueItem.objects.order_by("pk").first()
    ended_at = later.finished_at
    QueueItem.objects.filter(pk=later.pk).update(finished_at=None)

    def another_commits(results: list[tuple[str, str]]) -> None:
        QueueItem.objects.filter(pk=later.pk).update(finished_at=ended_at)
        tallies.delivered(results)

    meter = Meter()
    with monkeypatch.context() as patched:
        patched.setattr(
            "llmprovider.api.results.tallies", SimpleNamespace(delivered=another_commits)
        )
        keep(str(bundle.pk))
    assert QueueItem.objects.filter(delivered_at=None).get().pk == later.pk
    keep(str(bundle.pk))
    assert meter.by("llm_provider_comparison_callbacks_total", "result") == {("success",): 2}


def test_a_delivery_that_was_rolled_back_is_none(monkeypatch):
    judges.put_in(monkeypatch)
    process(str(bundle_of(2).pk))
    meter = Meter()
    with transaction.atomic():
        deliver_all()
        transaction.set_rollback(True)
    assert meter.total("llm_provider_comparison_callbacks_total") == 0
    deliver_all()
    assert meter.total("llm_provider_comparison_callbacks_total") == 2


def test_a_call_whose_worker_died_is_lost_and_its_comparisons_are_retried():
    """P-70"""
    bundle = bundle_of(3)
    meter = Meter()
    begin(str(bundle.pk))
    for late in (LEASE, 2 * LEASE):
        clean_up(timezone.now() + late)
    assert meter.by("llm_provider_http_calls_total", "outcome") == {("lost",): 1}
    assert meter.by("llm_provider_errors_total", "error_type") == {("timeout",): 1}
    assert meter.by("llm_provider_retries_total", "error_type") == {("timeout",): 3}
    assert meter.total("llm_provider_requests_seconds_count") == 0, "nobody knows how long"
    assert meter.total("llm_provider_serial_bundle_items_per_call_sum") == 3


def test_a_call_is_counted_by_its_judge_and_the_error_of_each_retry(monkeypatch):
    """T42"""
    set_queue(monkeypatch, QUEUE_RETRY_BASE_SECONDS=0.0001)
    judges.put_in(monkeypatch, judges.failing(ErrorType.OVERLOADED), judges.without(1), judges.well)
    meter = Meter()
    queued(4)
    for _ in range(3):
        work_once()
    deliver_all()
    judge = ("mock", "mock")
    assert meter.by("llm_provider_http_calls_total", "provider", "model", "outcome") == {
        (*judge, "error"): 1,
        (*judge, "success"): 2,
    }
    assert meter.by("llm_provider_retries_total", "error_type") == {
        ("overloaded",): 4,
        ("invalid_response",): 1,
    }
    assert_the_calls_agree(meter)
    assert_the_queue_agrees(meter)


def test_no_call_was_made_where_this_service_failed_before_it(monkeypatch):
    judges.put_in(monkeypatch)
    monkeypatch.setattr("llmprovider.calls.processing.prompt_for", _fails)
    bundle = bundle_of(1)
    meter = Meter()
    with pytest.raises(ZeroDivisionError):
        process(str(bundle.pk))
    assert meter.total("llm_provider_http_calls_total") == 0
    assert meter.by("llm_provider_errors_total", "error_type") == {("server_error",): 1}
    assert ProviderCall.objects.get().error_type == "server_error"


def test_a_wait_for_room_in_a_limit_is_noted_for_as_long_as_it_was_told(monkeypatch):
    """T42"""
    judges.put_in(monkeypatch)
    set_queue(monkeypatch, RATE_LIMITS='{"mock": {"requests_per_minute": 1}}')
    first, second = queued(2, queue_mode="per_request")
    process(str(first.pk))
    meter, before = Meter(), timezone.now()
    step = begin(str(second.pk))
    after = timezone.now()
    assert isinstance(step, Postponed)
    waits = "llm_provider_rate_limit_wait_seconds"
    assert meter.by(f"{waits}_count", "provider", "model") == {("mock", "mock"): 1}
    # It was told between the two moments, and comes back up to a tenth later.
    least, most = ((step.until - moment).total_seconds() for moment in (after, before))
    assert least / 1.1 - 0.01 < meter.total(f"{waits}_sum") <= most


def test_models_that_nobody_knows_share_a_label(monkeypatch):
    """Issue 8: no label is unbounded"""
    set_queue(monkeypatch, METRICS_MODELS='["openai_compatible:our-own"]')
    judges.put_in(monkeypatch, provider="openai_compatible")
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", "http://127.0.0.1:9/v1")
    meter = Meter()
    for model in ("made-up-1", "made-up-2", "our-own"):
        judge = {"provider": "openai_compatible", "model": model}
        bundle = bundle_of(1, overrides=judge, batch_key=model)
        process(str(bundle.pk))
    assert set(QueueItem.objects.values_list("status", flat=True)) == {"completed"}
    assert meter.by("llm_provider_http_calls_total", "model") == {("other",): 2, ("our-own",): 1}


def _fails(*_: object) -> None:
    raise ZeroDivisionError
