"""Counts that begin at 0: what never happened is seen to have never happened.

Prometheus sees no increase in a series whose first value is already 1, so the first expiry after a
worker's start would raise no alert, and what the first calls cost would be in no sum. Series whose
labels are this project's own words are made when a worker is ready, and so are those of the models
that were asked of late. The first calls of any other model are lost to `rate` and `increase`.
"""

import logging
from datetime import timedelta
from typing import Any, Final

from celery.signals import worker_ready
from django.db import Error as DatabaseError
from django.utils import timezone

from llmprovider.contracts.log_events import tell

log = logging.getLogger(__name__)

# A model that nobody has asked for longer is taken for one that nobody will.
OF_LATE: Final = timedelta(days=30)


@worker_ready.connect
def begin_at_zero(**_: Any) -> None:
    """Make every series whose labels come from enumerations, and those of the models in use."""
    _of_batches()
    _of_the_queue()
    for provider, model in _judges_in_use():
        _of_judge(provider, model)


def _of_batches() -> None:
    from assessment import metrics
    from assessment.continuation import Decision
    from assessment.lifecycle.finalising import FAILURES
    from assessment.lifecycle.waves.recording import SOURCE_SERVICE
    from assessment.models import Batch
    from assessment.modes import LLMBatchingMode

    for batching_mode in LLMBatchingMode:
        metrics.LLM_REQUESTS.labels(batching_mode)
        metrics.LLM_BATCHES_STARTED.labels(batching_mode)
    for decision in Decision:
        metrics.WORKFLOW_DECISIONS.labels(decision)
    for outcome in ("recovered", "failed"):
        metrics.STUCK_BATCHES.labels(outcome)
    for reason in (*FAILURES, Batch.StopReason.COST_CAP):
        metrics.FAILED_BATCHES.labels(reason)
    for status in Batch.Status.values:
        metrics.LATE_RESULTS.labels(status)
    metrics.ORPHAN_CALLBACKS.labels(SOURCE_SERVICE)


def _of_the_queue() -> None:
    from llmprovider import metrics
    from llmprovider.contracts import QueueMode
    from llmprovider.metric_labels import PROVIDERS
    from llmprovider.tallies import REASONS, RESULTS

    for mode in QueueMode:
        metrics.WAIT_TIME.labels(mode)
        for result in RESULTS.values():
            metrics.CALLBACKS.labels(mode, result)
        for provider in PROVIDERS:
            metrics.EXPIRY_AGE.labels(provider, mode)
            for reason in REASONS:
                metrics.EXPIRIES.labels(provider, mode, reason)


def _judges_in_use() -> set[tuple[str, str]]:
    """(provider, model) of the settings' default, and of all that were called of late."""
    from assessment.conf import get_settings
    from cjproject.databases import patience_seconds
    from cjproject.health import own_connection
    from llmprovider.contracts import judging
    from llmprovider.models import ProviderCall

    settings = get_settings()
    provider = settings.DEFAULT_LLM_PROVIDER
    model = settings.DEFAULT_LLM_MODEL or judging.default_model(provider)
    judges = {(provider, model)} if provider else set()
    called = ProviderCall.objects.filter(started_at__gte=timezone.now() - OF_LATE).order_by()
    sql, values = called.values_list("provider", "model").distinct().query.sql_with_params()
    try:
        # Not by the pool: children that are forked later would inherit its connections.
        with own_connection(patience_seconds()) as own, own.cursor() as cursor:
            cursor.execute(sql, values)
            judges.update((row[0], row[1]) for row in cursor.fetchall())
    except DatabaseError as error:
        tell(log, logging.WARNING, "no_models_in_metrics", error=type(error).__name__)
    return judges


def _of_judge(provider: str, model: str) -> None:
    """Counters of one judge. Not its histograms: what is read of them is how they are spread."""
    from llmprovider import metrics
    from llmprovider.contracts.comparisons import RETRYABLE, ErrorType
    from llmprovider.metric_labels import judge_labels
    from llmprovider.providers.registry import has_batches
    from llmprovider.tallies import (
        CACHE_DIRECTIONS,
        JOB_STATUSES,
        OUTCOMES,
        REQUEST_OUTCOMES,
        TOKEN_KINDS,
    )

    labels = judge_labels(provider, model)
    metrics.COST_USD.labels(**labels)
    metrics.SERIAL_BUNDLE_CALLS.labels(**labels)
    for outcome in OUTCOMES:
        metrics.HTTP_CALLS.labels(**labels, outcome=outcome)
    for error_type in ErrorType:
        metrics.ERRORS.labels(**labels, error_type=error_type)
    for error_type in RETRYABLE:
        metrics.RETRIES.labels(**labels, error_type=error_type)
    for kind in TOKEN_KINDS:
        metrics.TOKENS.labels(**labels, kind=kind)
    for direction in CACHE_DIRECTIONS:
        metrics.PROMPT_CACHE_TOKENS.labels(**labels, direction=direction)
    if has_batches(provider):
        for status in JOB_STATUSES:
            metrics.BATCH_API_JOBS.labels(**labels, status=status)
        for outcome in REQUEST_OUTCOMES:
            metrics.BATCH_API_REQUESTS.labels(**labels, outcome=outcome)
