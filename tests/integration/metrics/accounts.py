"""What the rows say that every metric must have counted."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from django.db.models import Q

from assessment.models import Batch, PairAttempt, Wave
from llmprovider.metric_labels import judge_labels
from llmprovider.models import BatchJob, ProviderCall, QueueItem
from llmprovider.tallies import REQUEST_OUTCOMES
from tests.integration.metrics.meters import Meter

RESULTS = {"completed": "success", "failed": "error"}
# Requests of a job that never reached its provider.
SENT = Q(job__isnull=True) | ~Q(error_type="cancelled", vendor_request_id="", output_tokens=0)


def assert_the_queue_agrees(meter: Meter) -> None:
    """Waits, callbacks, expiries and retries against the queue's rows."""
    items = list(QueueItem.objects.all())
    assert items
    waited = [one for one in items if one.claimed_at or one.status == "expired"]
    once = [one for one in waited if one.claims == 1]
    assert meter.by(
        "llm_provider_queue_wait_time_seconds_count", "queue_processing_mode"
    ) == _tally((one.queue_mode,) for one in waited)
    if len(once) == len(waited):
        seconds = sum((one.claimed_at - one.enqueued_at).total_seconds() for one in once)
        assert meter.total("llm_provider_queue_wait_time_seconds_sum") == pytest.approx(seconds)
    callbacks = meter.by(
        "llm_provider_comparison_callbacks_total", "queue_processing_mode", "result"
    )
    assert callbacks == _tally(
        (one.queue_mode, RESULTS.get(one.status, one.status)) for one in items if one.delivered_at
    )
    expired = [one for one in items if one.status == "expired"]
    assert meter.total("llm_provider_queue_expiry_total") == len(expired)
    assert meter.total("llm_provider_queue_expiry_age_seconds_count") == len(expired)
    calls = ProviderCall.objects.filter(SENT)
    asked = sum(calls.values_list("items_count", flat=True))
    first = sum(one.call_id is not None for one in items)
    assert meter.total("llm_provider_retries_total") == asked - first


def assert_the_calls_agree(meter: Meter) -> None:
    """Calls, latencies, errors, tokens and money against the rows of the calls."""
    calls = list(ProviderCall.objects.filter(SENT).select_related("bundle"))
    live = [call for call in calls if call.job_id is None]
    judge = ("provider", "model")
    assert meter.by("llm_provider_http_calls_total", *judge, "outcome") == _tally(
        (*_judge(call), "error" if call.error_type else "success") for call in live
    )
    assert meter.by("llm_provider_requests_seconds_count", *judge) == _tally(map(_judge, live))
    seconds = sum(call.latency_ms for call in live) / 1000
    assert meter.total("llm_provider_requests_seconds_sum") == pytest.approx(seconds)
    assert meter.by("llm_provider_errors_total", *judge, "error_type") == _tally(
        (*_judge(call), call.error_type) for call in calls if call.error_type
    )
    read = sum(call.cache_read_tokens for call in calls)
    written = sum(call.cache_write_tokens for call in calls)
    reasoned = sum(call.reasoning_tokens for call in calls)
    tokens = {
        ("input",): sum(call.input_tokens for call in calls) - read - written,
        ("cache_read",): read,
        ("cache_write",): written,
        ("output",): sum(call.output_tokens for call in calls) - reasoned,
        ("reasoning",): reasoned,
    }
    assert meter.by("llm_provider_tokens_total", "kind") == {k: n for k, n in tokens.items() if n}
    cached = {("read",): read, ("write",): written}
    assert meter.by("llm_provider_prompt_cache_tokens_total", "direction") == {
        k: n for k, n in cached.items() if n
    }
    usd = float(sum(call.cost_usd for call in calls))
    assert meter.total("llm_provider_cost_usd_total") == pytest.approx(usd, rel=1e-9)
    serial = [call for call in live if call.bundle.queue_mode == "serial_bundle"]
    assert meter.by("llm_provider_serial_bundle_calls_total", *judge) == _tally(map(_judge, serial))
    assert meter.total("llm_provider_serial_bundle_items_per_call_sum") == sum(
        call.items_count for call in serial
    )


def assert_the_jobs_agree(meter: Meter) -> None:
    """Batch jobs against their rows."""
    judge = ("provider", "model")
    jobs = list(BatchJob.objects.all())
    sent = [job for job in jobs if job.submitted_at and not job.unproven]
    ended = [job for job in jobs if job.ended]
    told = Counter((*_judge(job), "submitted") for job in sent)
    told += Counter((*_judge(job), job.status) for job in ended)
    assert meter.by("llm_provider_batch_api_jobs_total", *judge, "status") == dict(told)
    assert meter.by("llm_provider_batch_api_items_per_job_count", *judge) == _tally(
        map(_judge, sent)
    )
    held = [sum(call.items_count for call in job.calls.all()) for job in sent]
    assert meter.total("llm_provider_batch_api_items_per_job_sum") == sum(held)
    requests: Counter[tuple[str, ...]] = Counter()
    for job in jobs:
        for outcome in REQUEST_OUTCOMES:
            requests[(*_judge(job), outcome)] += getattr(job, outcome)
    # `+`: without those that are 0
    assert meter.by("llm_provider_batch_api_requests_total", *judge, "outcome") == dict(+requests)
    took = [job.ended_at - job.submitted_at for job in ended if job.submitted_at]
    assert meter.total("llm_provider_batch_api_job_duration_seconds_count") == len(took)
    assert meter.total("llm_provider_batch_api_job_duration_seconds_sum") == pytest.approx(
        sum(one.total_seconds() for one in took)
    )


def assert_the_batches_agree(meter: Meter) -> None:
    """Requests, decisions and ends against the rows of the batches."""
    first = PairAttempt.objects.filter(number=1).select_related("pair__batch")
    assert meter.by("cj_llm_requests_total", "batching_mode") == _tally(
        (one.pair.batch.llm_batching_mode,) for one in first
    )
    started = Batch.objects.filter(waves__isnull=False).distinct()
    assert meter.by("cj_llm_batches_started_total", "batching_mode") == _tally(
        (one.llm_batching_mode,) for one in started
    )
    decisions = meter.by("cj_workflow_decisions_total", "decision")
    decisions.pop(("WAIT",), None)
    rounds = Wave.objects.values_list("finished_round", "decision")
    assert sum(decisions.values()) == sum(many for many, _ in rounds)
    told = Counter((decision,) for many, decision in rounds if many)
    told += Counter({("RETRY_FAILED",): sum(many - 1 for many, _ in rounds if many)})
    assert decisions == dict(told)
    completed = Batch.objects.filter(status=Batch.Status.COMPLETED)
    assert meter.total("cj_batch_completion_seconds_count") == completed.count()
    took = sum((one.completed_at - one.created_at).total_seconds() for one in completed)
    assert meter.total("cj_batch_completion_seconds_sum") == pytest.approx(took)
    failed = Batch.objects.filter(status=Batch.Status.FAILED)
    assert meter.by("cj_failed_batches_total", "reason") == _tally(
        (one.stop_reason,) for one in failed
    )
    late = PairAttempt.objects.filter(outcome=PairAttempt.Outcome.LATE).count()
    assert meter.total("cj_late_results_total") == late


def _judge(row: ProviderCall | BatchJob) -> tuple[str, ...]:
    return tuple(judge_labels(row.provider, row.model).values())


def _tally(keys: Iterable[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
    return dict(Counter(keys))
