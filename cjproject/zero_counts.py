"""Counts that begin at 0: what never happened is seen to have never happened.

Prometheus sees no increase in a series whose first value is already 1, so the first expiry after a
worker's start would raise no alert. Series whose labels are this project's own words are made when
a worker is ready. Those with a model are not: there may be many, and most would stay at 0.
"""

from typing import Any

from celery.signals import worker_ready


@worker_ready.connect
def begin_at_zero(**_: Any) -> None:
    """Make every series whose labels come from enumerations."""
    from assessment import metrics as of_batches
    from assessment.continuation import Decision
    from assessment.lifecycle.recording import SOURCE_SERVICE
    from assessment.models import Batch
    from assessment.modes import LLMBatchingMode
    from llmprovider import metrics as of_the_queue
    from llmprovider.contracts import QueueMode
    from llmprovider.metric_labels import PROVIDERS
    from llmprovider.tallies import REASONS, RESULTS

    for batching_mode in LLMBatchingMode:
        of_batches.LLM_REQUESTS.labels(batching_mode)
        of_batches.LLM_BATCHES_STARTED.labels(batching_mode)
    for decision in Decision:
        of_batches.WORKFLOW_DECISIONS.labels(decision)
    for outcome in ("recovered", "failed"):
        of_batches.STUCK_BATCHES.labels(outcome)
    for status in Batch.Status.values:
        of_batches.LATE_RESULTS.labels(status)
    of_batches.ORPHAN_CALLBACKS.labels(SOURCE_SERVICE)
    for mode in QueueMode:
        of_the_queue.WAIT_TIME.labels(mode)
        for result in RESULTS.values():
            of_the_queue.CALLBACKS.labels(mode, result)
        for provider in PROVIDERS:
            of_the_queue.EXPIRY_AGE.labels(provider, mode)
            for reason in REASONS:
                of_the_queue.EXPIRIES.labels(provider, mode, reason)
