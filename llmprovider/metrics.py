"""Metrics of the judge service, counted where things happen. docs/metrics.md tells them all.

What can be read from rows (depths, ages, circuits, spend) is in `state_metrics`. Who counts what,
and when, is in `tallies`; which values the labels can take in `metric_labels`.
"""

from typing import Final

from prometheus_client import Counter, Histogram

_HOUR: Final = 3600
# Past the 4 hours that a comparison may be queued, and the two days that a gathered one may.
_WAIT_SECONDS: Final = (
    *(0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800),
    *(hours * _HOUR for hours in (1, 2, 4, 8, 25, 50)),
)
# Past the lease of 10 minutes, the 4 hours, and the window of a provider's job.
_EXPIRY_SECONDS: Final = (
    *(60, 300, 600, 900, 1800),
    *(hours * _HOUR for hours in (1, 2, 4, 5, 8, 12, 24, 25, 26, 50, 75)),
)
# Past the 25 hours after which a job is cancelled, and the day after which it is given up.
_JOB_SECONDS: Final = (
    *(60, 300, 900, 1800),
    *(hours * _HOUR for hours in (1, 2, 4, 8, 12, 18, 24, 25, 26, 36, 50)),
)
# To the 9 minutes that a provider is given to answer.
_CALL_SECONDS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 90, 120, 180, 240, 300, 420, 540)
# To the hour that a provider can ask for at most.
_LIMIT_SECONDS: Final = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, _HOUR)
_JUDGE: Final = ["provider", "model"]

WAIT_TIME = Histogram(
    "llm_provider_queue_wait_time_seconds",
    "Seconds from arrival in the queue to the first claim, or to the expiry of what nobody "
    "claimed; one observation is one comparison.",
    ["queue_processing_mode"],
    buckets=_WAIT_SECONDS,
)
EXPIRIES = Counter(
    "llm_provider_queue_expiry_total",
    "Comparisons that ended as expired; one unit is one comparison.",
    ["provider", "queue_processing_mode", "expiry_reason"],
)
EXPIRY_AGE = Histogram(
    "llm_provider_queue_expiry_age_seconds",
    "Seconds from arrival in the queue to expiry; one observation is one comparison.",
    ["provider", "queue_processing_mode"],
    buckets=_EXPIRY_SECONDS,
)
CALLBACKS = Counter(
    "llm_provider_comparison_callbacks_total",
    "Results that the caller has recorded; one unit is one comparison.",
    ["queue_processing_mode", "result"],
)
HTTP_CALLS = Counter(
    "llm_provider_http_calls_total",
    "Live requests for judgement sent to a provider; one unit is one call, of any size.",
    [*_JUDGE, "outcome"],
)
REQUESTS_SECONDS = Histogram(
    "llm_provider_requests_seconds",
    "Seconds from sending a live call to its answer or error; one observation is one call.",
    _JUDGE,
    buckets=_CALL_SECONDS,
)
ERRORS = Counter(
    "llm_provider_errors_total",
    "Calls, and requests of batch jobs, that failed; one unit is one call.",
    [*_JUDGE, "error_type"],
)
RETRIES = Counter(
    "llm_provider_retries_total",
    "Comparisons put back into the queue to be asked again; one unit is one comparison, once.",
    [*_JUDGE, "error_type"],
)
RATE_LIMIT_WAIT = Histogram(
    "llm_provider_rate_limit_wait_seconds",
    "Seconds that a bundle was told to wait for room in a rate limit; one observation is one time.",
    _JUDGE,
    buckets=_LIMIT_SECONDS,
)
TOKENS = Counter(
    "llm_provider_tokens_total",
    "Tokens that providers billed; the kinds do not overlap; one unit is one token.",
    [*_JUDGE, "kind"],
)
PROMPT_CACHE_TOKENS = Counter(
    "llm_provider_prompt_cache_tokens_total",
    "Tokens read from, and written to, a provider's prompt cache; one unit is one token.",
    [*_JUDGE, "direction"],
)
COST_USD = Counter(
    "llm_provider_cost_usd_total",
    "Cost of answered calls whose price is known; one unit is one US dollar.",
    _JUDGE,
)
SERIAL_BUNDLE_CALLS = Counter(
    "llm_provider_serial_bundle_calls_total",
    "Live calls in serial_bundle mode; one unit is one call.",
    _JUDGE,
)
SERIAL_BUNDLE_ITEMS = Histogram(
    "llm_provider_serial_bundle_items_per_call",
    "Comparisons in a live call in serial_bundle mode; one observation is one call.",
    _JUDGE,
    buckets=(1, 2, 4, 8, 16, 24, 32, 48, 64),
)
BATCH_API_JOBS = Counter(
    "llm_provider_batch_api_jobs_total",
    "Batch jobs that were submitted to a provider, and that ended; one unit is one job.",
    [*_JUDGE, "status"],
)
BATCH_API_REQUESTS = Counter(
    "llm_provider_batch_api_requests_total",
    "Requests of batch jobs, by what the provider made of each; one unit is one request.",
    [*_JUDGE, "outcome"],
)
BATCH_API_ITEMS = Histogram(
    "llm_provider_batch_api_items_per_job",
    "Comparisons in a batch job when it was submitted; one observation is one job.",
    _JUDGE,
    buckets=(1, 10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000),
)
BATCH_API_JOB_DURATION = Histogram(
    "llm_provider_batch_api_job_duration_seconds",
    "Seconds from submitting a batch job until it was seen to have ended; one observation is one "
    "job.",
    _JUDGE,
    buckets=_JOB_SECONDS,
)
