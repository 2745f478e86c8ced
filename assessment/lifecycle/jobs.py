"""A batch's jobs at the providers' batch services, as they are told everywhere."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from assessment.models import Batch
from assessment.modes import LLMBatchingMode
from llmprovider.contracts import queue as judge_queue

Job = Mapping[str, Any]

# Not at the provider yet: a process has to be at work here.
_UNSENT = frozenset({"planned", "preparing", "submitting"})


def jobs_of(batch: Batch) -> list[dict[str, Any]]:
    """The batch's jobs, oldest first, as `judge_queue.jobs_of` has them, ready for JSON.

    Times are ISO 8601 or None, `cost_usd` is a number. None in the live modes.
    """
    if batch.llm_batching_mode != LLMBatchingMode.PROVIDER_BATCH_API:
        return []
    return [
        {name: _plain(value) for name, value in job.items()}
        for job in judge_queue.jobs_of(str(batch.pk))
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def unsent(jobs: Sequence[Job]) -> bool:
    return any(job["status"] in _UNSENT for job in jobs)


def unsettled(jobs: Sequence[Job]) -> bool:
    """Whether results, and their bill, may still come."""
    return any(job["open"] for job in jobs)


def answered(job: Job) -> int:
    """Requests that are through, as far as is known; Anthropic tells only when the job has ended.

    While the provider works it is its count, afterwards that of the results that were read.
    """
    read = sum(job["counts"].values())
    told = sum(number for kind, number in job["vendor_counts"].items() if kind != "processing")
    return read or told
