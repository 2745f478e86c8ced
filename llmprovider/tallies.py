"""Tallies: what each event of the queue adds to which metric. Call them in its transaction."""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from llmprovider import metrics
from llmprovider.contracts.counting import count, observe
from llmprovider.metric_labels import judge_labels, provider_label

if TYPE_CHECKING:
    from llmprovider.models import BatchJob, ProviderCall, QueueItem

# Why a comparison expired; `expired` tells which is when.
REASONS: Final = ("ttl", "lease", "cleanup")
# Of a live call.
OUTCOMES: Final = ("success", "error", "lost")
# Of a job's request: columns of the job's row.
REQUEST_OUTCOMES: Final = ("succeeded", "errored", "expired", "cancelled", "missing")
# Of a job that is at its provider, and at each of its ends.
JOB_STATUSES: Final = ("submitted", "collected", "failed", "lost", "cancelled")
TOKEN_KINDS: Final = ("input", "cache_read", "cache_write", "output", "reasoning")
CACHE_DIRECTIONS: Final = ("read", "write")
# Of an ended comparison's status.
RESULTS: Final = {
    "completed": "success",
    "failed": "error",
    "expired": "expired",
    "cancelled": "cancelled",
}


def claimed(arrivals: Iterable[tuple[str, datetime]], now: datetime) -> None:
    """Comparisons that were claimed for the first time: (queue mode, arrival) of each."""
    waits: dict[str, list[float]] = {}
    for mode, enqueued_at in arrivals:
        waits.setdefault(mode, []).append(_seconds(enqueued_at, now))
    for mode, seconds in waits.items():
        observe(metrics.WAIT_TIME, seconds, queue_processing_mode=mode)


def expired(item: "QueueItem", reason: str, now: datetime) -> None:
    """A comparison ended as expired: `ttl` queued for too long, `lease` taken by a worker that was
    lost, `cleanup` in a provider's job that did not judge it."""
    age = _seconds(item.enqueued_at, now)
    labels = {
        "provider": provider_label(item.provider),
        "queue_processing_mode": item.queue_mode,
    }
    if item.claimed_at is None:
        observe(metrics.WAIT_TIME, [age], queue_processing_mode=item.queue_mode)
    count(metrics.EXPIRIES, **labels, expiry_reason=reason)
    observe(metrics.EXPIRY_AGE, [age], **labels)


def delivered(results: Iterable[tuple[str, str]]) -> None:
    """Results that the caller has recorded now: (queue mode, status) of each."""
    for (mode, status), many in Tally(results).items():
        count(metrics.CALLBACKS, many, queue_processing_mode=mode, result=RESULTS[status])


def call_ended(call: "ProviderCall", queue_mode: str) -> None:
    """A live call was answered or refused, or nobody will know: its row says which."""
    labels = judge_labels(call.provider, call.model)
    lost = call.finished_at is None
    outcome = "lost" if lost else "error" if call.error_type else "success"
    count(metrics.HTTP_CALLS, **labels, outcome=outcome)
    if call.latency_ms is not None:
        observe(metrics.REQUESTS_SECONDS, [call.latency_ms / 1000], **labels)
    if queue_mode == "serial_bundle":
        count(metrics.SERIAL_BUNDLE_CALLS, **labels)
        observe(metrics.SERIAL_BUNDLE_ITEMS, [call.items_count], **labels)
    billed(call)


def billed(call: "ProviderCall") -> None:
    """What a call, or a request of a job, has used and cost, and whether it failed."""
    labels = judge_labels(call.provider, call.model)
    if call.error_type:
        count(metrics.ERRORS, **labels, error_type=call.error_type)
    cached = {"read": call.cache_read_tokens, "write": call.cache_write_tokens}
    kinds = {
        "input": call.input_tokens - sum(cached.values()),
        "cache_read": cached["read"],
        "cache_write": cached["write"],
        "output": call.output_tokens - call.reasoning_tokens,
        "reasoning": call.reasoning_tokens,
    }
    for kind, tokens in kinds.items():
        count(metrics.TOKENS, max(0, tokens), **labels, kind=kind)
    for direction, tokens in cached.items():
        count(metrics.PROMPT_CACHE_TOKENS, tokens, **labels, direction=direction)
    count(metrics.COST_USD, float(call.cost_usd), **labels)


def retried(provider: str, model: str, error_types: Iterable[str]) -> None:
    """Comparisons that wait to be asked again: the error of each."""
    for error_type, many in Tally(map(str, error_types)).items():
        count(metrics.RETRIES, many, **judge_labels(provider, model), error_type=error_type)


def limited(provider: str, model: str, seconds: float) -> None:
    """A bundle waits for room in a rate limit, for so long at least."""
    observe(metrics.RATE_LIMIT_WAIT, [seconds], **judge_labels(provider, model))


def job_submitted(job: "BatchJob") -> None:
    """A job is at the provider, and is ours for certain."""
    labels = judge_labels(job.provider, job.model)
    count(metrics.BATCH_API_JOBS, **labels, status="submitted")
    observe(metrics.BATCH_API_ITEMS, [job.items], **labels)


def job_ended(job: "BatchJob") -> None:
    """A job's row came to its end, whichever it is."""
    labels = judge_labels(job.provider, job.model)
    count(metrics.BATCH_API_JOBS, **labels, status=str(job.status))
    if job.submitted_at is not None and job.ended_at is not None:
        seconds = _seconds(job.submitted_at, job.ended_at)
        observe(metrics.BATCH_API_JOB_DURATION, [seconds], **labels)


def requests_ended(job: "BatchJob", outcomes: Mapping[str, int]) -> None:
    """Requests of a job whose results were taken in: how many by REQUEST_OUTCOMES."""
    labels = judge_labels(job.provider, job.model)
    for outcome, many in outcomes.items():
        count(metrics.BATCH_API_REQUESTS, many, **labels, outcome=outcome)


def _seconds(since: datetime, until: datetime) -> float:
    """Not below 0 where two clocks disagree."""
    return max(0.0, (until - since).total_seconds())
