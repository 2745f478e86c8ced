"""A run's jobs at the providers' batch services: where they stand, in words."""

from collections import Counter
from collections.abc import Sequence

from assessment.lifecycle.jobs import Job, answered
from assessment.models import Batch
from assessment.modes import LLMBatchingMode
from llmprovider.contracts import queue as judge_queue

_STATES = {
    "planned": "to be sent",
    "preparing": "being sent",
    "submitting": "being sent",
    "submitted": "with the provider",
    "collecting": "being collected",
    "collected": "done",
    "lost": "lost on the way and sent again",
    "failed": "refused",
    "cancelled": "cancelled",
}


def progress_words(jobs: Sequence[Job]) -> str:
    """All jobs in one line; empty where there are none."""
    if not jobs:
        return ""
    states = Counter(_state(job) for job in jobs)
    told = ", ".join(f"{number} {state}" for state, number in states.items())
    live = [job for job in jobs if job["status"] not in {"lost", "failed"}]
    requests = sum(job["requests"] for job in live)
    words = f"jobs: {told}; {sum(map(answered, live)):,} of {requests:,} requests answered"
    ages = [job["age_seconds"] for job in jobs if job["open"]]
    return f"{words}, oldest {_span(max(ages))} old" if ages else words


def job_words(job: Job) -> str:
    """One job in one line."""
    parts = [
        f"{job['provider']}:{job['model']}",
        _state(job) + (f" ({job['vendor_status']})" if job["vendor_status"] else ""),
        f"{answered(job):,} of {job['requests']:,} requests answered",
        f"{_span(job['age_seconds'])} old" if job["open"] else f"${job['cost_usd']:.4f}",
        job["vendor_id"],
        job["error_message"],
    ]
    return ", ".join(part for part in parts if part)


def waiting_words(batch: Batch) -> str:
    """Comparisons that are in no job yet, such as the night's; empty where there are none."""
    by_jobs = batch.llm_batching_mode == LLMBatchingMode.PROVIDER_BATCH_API and not batch.ended
    waiting = judge_queue.waiting_for_a_job(str(batch.pk)) if by_jobs else None
    if waiting is None:
        return ""
    until = f", which is sent at {waiting['until']:%H:%M} UTC" if waiting["until"] else ""
    return f"{waiting['comparisons']:,} comparisons wait for the next job{until}"


def _state(job: Job) -> str:
    state = _STATES.get(job["status"], job["status"])
    return f"{state}, asked to end" if job["open"] and job["cancel_requested_at"] else state


def _span(seconds: float) -> str:
    minutes = max(int(seconds), 0) // 60
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
