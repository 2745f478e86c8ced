"""Settings of the judge service; environment prefix LLM_PROVIDER_SERVICE_."""

from enum import StrEnum
from functools import lru_cache
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from llmprovider.contracts import MAX_BUNDLE_SIZE, BatchFill, QueueMode
from llmprovider.rate_limits import RateLimits


class BatchApiMode(StrEnum):
    """When comparisons in batch_api mode are sent to the providers' batch APIs."""

    OPPORTUNISTIC = "opportunistic"  # at once
    NIGHTLY = "nightly"  # gathered, and sent together at BATCH_SUBMISSION_HOUR
    DISABLED = "disabled"  # never: they are judged by the live queue

    @classmethod
    def _missing_(cls, value: object) -> "BatchApiMode | None":
        # Names of the source documents.
        aliases = {"async_batch": cls.OPPORTUNISTIC, "nightly_batch": cls.NIGHTLY}
        return aliases.get(value) if isinstance(value, str) else None


class ProviderSettings(BaseSettings):
    """A bad value stops the start with pydantic's message."""

    model_config = SettingsConfigDict(env_prefix="LLM_PROVIDER_SERVICE_")

    QUEUE_PROCESSING_MODE: QueueMode = Field(
        QueueMode.SERIAL_BUNDLE, description="Mode of items that come without one."
    )
    SERIAL_BUNDLE_MAX_REQUESTS_PER_CALL: int = Field(
        MAX_BUNDLE_SIZE, ge=1, le=MAX_BUNDLE_SIZE, description="Most comparisons in one call."
    )
    BUNDLE_TOKEN_BUDGET: int = Field(
        60_000, ge=1_000, description="Most tokens of one call: input and expected output."
    )
    QUEUE_CAPACITY: int = Field(
        200_000, ge=1, description="Most unfinished comparisons; beyond it new ones must wait."
    )
    QUEUE_MAX_ATTEMPTS: int = Field(4, ge=1, description="Provider calls per comparison.")
    QUEUE_RETRY_BASE_SECONDS: float = Field(
        2.0, gt=0, description="First wait before a retry; doubles with each attempt, with jitter."
    )
    QUEUE_RETRY_MAX_SECONDS: float = Field(120.0, gt=0, description="Longest wait for a retry.")
    PROCESSING_LEASE_SECONDS: float = Field(
        600.0, gt=0, description="A call not answered by then is taken from its worker."
    )
    PROVIDER_TIMEOUT_SECONDS: float = Field(
        540.0, gt=0, description="Longest wait for one answer of a provider."
    )
    PROVIDER_WORKERS: int = Field(
        16,
        ge=1,
        description="Workers that serve the queue `provider`, all together; one model gets half "
        "of them at most (docs/limits.md).",
    )
    QUEUED_TTL_SECONDS: float = Field(
        4 * 3600.0, gt=0, description="A comparison still queued by then expires."
    )
    LOST_MESSAGE_SECONDS: float = Field(
        60.0, gt=0, description="A due bundle that nobody claimed by then is announced again."
    )
    RATE_LIMITS: dict[str, RateLimits] = Field(
        {}, description='By "provider" or "provider:model", as JSON; docs/limits.md.'
    )
    CIRCUIT_FAILURE_THRESHOLD: int = Field(
        5, ge=1, description="Provider failures in a row after which a model is left alone."
    )
    CIRCUIT_OPEN_SECONDS: float = Field(
        10.0, gt=0, description="For how long at first; doubles with each probe that fails."
    )
    OUTAGE_TOLERANCE_SECONDS: float = Field(
        900.0, gt=0, description="A circuit open for longer is an outage; its comparisons fail."
    )
    RETRY_AFTER_MAX_SECONDS: float = Field(
        3600.0, gt=0, description="Longest wait that a provider can ask for."
    )
    PROMPT_CACHE_TTL: Literal["5m", "1h", "off"] = Field(
        "5m", description="How long Anthropic is asked to keep the instructions of a call cached."
    )
    BATCH_API_MODE: BatchApiMode = Field(
        BatchApiMode.OPPORTUNISTIC,
        description="When comparisons in batch_api mode become a provider's batch job.",
    )
    BATCH_SUBMISSION_HOUR: int = Field(
        1, ge=0, le=23, description="Hour (UTC) at which nightly jobs are sent."
    )
    BATCH_API_FILL: BatchFill = Field(
        BatchFill.SINGLE, description="One comparison per request of a job, or bundles of them."
    )
    BATCH_API_RETRY_ROUTE: Literal["live", "job"] = Field(
        "live", description="Where a job's failed comparisons are asked again."
    )
    BATCH_JOB_DEADLINE_SECONDS: float = Field(
        25 * 3600.0, gt=0, description="A job still running by then is cancelled."
    )
    BATCH_JOB_FALLBACK_TO_LIVE: bool = Field(
        True, description="What such a job left undone goes to the live queue; off: it expires."
    )
    BATCH_POLL_FIRST_SECONDS: float = Field(
        30.0, gt=0, description="From sending a job to the first look at it; then it doubles."
    )
    BATCH_POLL_MAX_SECONDS: float = Field(
        600.0, gt=0, description="Longest time between two looks at a job."
    )
    SUBMIT_SETTLE_SECONDS: float = Field(
        120.0,
        gt=0,
        description="For how long a job that may not have arrived is looked for at the provider.",
    )
    METRICS_MODELS: list[str] = Field(
        [],
        description='Models, as "provider:model", that metrics name although the registry does not '
        'know them; JSON. All others count as "other".',
    )


@lru_cache(maxsize=1)
def get_settings() -> ProviderSettings:
    """The settings in force; read once per process."""
    return ProviderSettings()
