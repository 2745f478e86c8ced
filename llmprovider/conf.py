"""Settings of the judge service; environment prefix LLM_PROVIDER_SERVICE_."""

from functools import lru_cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from llmprovider.contracts import MAX_BUNDLE_SIZE, QueueMode


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
    QUEUED_TTL_SECONDS: float = Field(
        4 * 3600.0, gt=0, description="A comparison still queued by then expires."
    )
    LOST_MESSAGE_SECONDS: float = Field(
        60.0, gt=0, description="A due bundle that nobody claimed by then is announced again."
    )


@lru_cache(maxsize=1)
def get_settings() -> ProviderSettings:
    """The settings in force; read once per process."""
    return ProviderSettings()
