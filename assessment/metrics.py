"""Metrics of the batches, counted where things happen. docs/metrics.md tells them all.

What can be read from rows (batches by status, the heartbeat) is in `state_metrics`. Labels take
their values from enumerations of this project, so that no number of batches makes more series.
"""

from typing import Final

from prometheus_client import Counter, Histogram

_HOUR: Final = 3600
# From a quarter of a minute to three days: a run over night, and one through provider batches.
_COMPLETION_SECONDS: Final = (
    *(15, 60, 300, 900, 1800),
    *(hours * _HOUR for hours in (1, 2, 4, 8, 12, 24, 36, 48, 72)),
)

LLM_REQUESTS = Counter(
    "cj_llm_requests_total",
    "Comparisons sent to the judge service, first attempts only; one unit is one comparison.",
    ["batching_mode"],
)
LLM_BATCHES_STARTED = Counter(
    "cj_llm_batches_started_total",
    "Batches whose first wave was launched; one unit is one batch.",
    ["batching_mode"],
)
WORKFLOW_DECISIONS = Counter(
    "cj_workflow_decisions_total",
    "Decisions on how a batch goes on, waits and retries included; one unit is one decision.",
    ["decision"],
)
ORPHAN_CALLBACKS = Counter(
    "cj_orphan_callbacks_total",
    "Results under a correlation id that no batch has; one unit is one result.",
    ["source_service"],
)
LATE_RESULTS = Counter(
    "cj_late_results_total",
    "Results kept for audit only, since their batch or pair had gone on; one unit is one result.",
    ["status"],
)
BATCH_COMPLETION_SECONDS = Histogram(
    "cj_batch_completion_seconds",
    "Seconds from a batch's creation to its scores (COMPLETED); one observation is one batch.",
    buckets=_COMPLETION_SECONDS,
)
STUCK_BATCHES = Counter(
    "cj_stuck_batches_total",
    "Batches ended by the monitor: with scores (recovered) or without (failed); one is one batch.",
    ["outcome"],
)
FAILED_BATCHES = Counter(
    "cj_failed_batches_total",
    "Batches that ended as FAILED, by their stop reason; one unit is one batch.",
    ["reason"],
)
EVENT_DELIVERY_FAILURES = Counter(
    "cj_events_delivery_failures_total",
    "Attempts to deliver an outgoing event that failed; one unit is one attempt.",
)
