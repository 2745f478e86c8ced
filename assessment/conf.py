"""Settings of the assessment app; environment prefix CJ_ASSESSMENT_SERVICE_."""

from functools import lru_cache
from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from assessment.modes import LLMBatchingMode, LLMBatchingStrategy
from assessment.outbox.rules import check_webhooks


class AssessmentSettings(BaseSettings):
    """A bad value stops the start with pydantic's message."""

    # A message about one bad value must not quote another, which may be a secret.
    model_config = SettingsConfigDict(
        env_prefix="CJ_ASSESSMENT_SERVICE_", hide_input_in_errors=True
    )

    LLM_BATCHING_MODE: LLMBatchingMode = Field(
        LLMBatchingMode.SERIAL_BUNDLE, description="Batching mode of a batch that names none."
    )
    LLM_BATCHING_STRATEGY: LLMBatchingStrategy = Field(
        LLMBatchingStrategy.SERIAL_ROUND,
        description="Bundle limit: the whole wave, or bundle_size_override of the batch.",
    )
    LLM_BATCH_API_ALLOWED_PROVIDERS: list[str] = Field(
        ["openai", "anthropic"],
        description="Providers whose batch API may be used; others fall back to serial_bundle.",
    )
    DEFAULT_LLM_PROVIDER: str = Field("", description="Provider of a batch that names none.")
    DEFAULT_LLM_MODEL: str = Field("", description="Model of a batch that names none.")
    ENABLE_LLM_BATCHING_METADATA_HINTS: bool = Field(
        True,
        description="Send mode, iteration and preferred bundle size with each comparison; "
        "without them bundles are filled to the cap.",
    )
    MAX_CONCURRENT_COMPARISONS: int = Field(
        5_000, ge=1, description="Most comparisons of one batch in flight in the live modes."
    )
    MAX_PAIRWISE_COMPARISONS: int = Field(
        1_000, ge=1, description="Budget of a batch that names none."
    )
    MAX_COMPARISONS_CEILING: int = Field(
        100_000, ge=1, description="Most that a batch may ask for."
    )
    COMPARISONS_PER_STABILITY_CHECK_ITERATION: int = Field(
        12, ge=1, description="Smallest wave, in comparisons."
    )
    MIN_COMPARISONS_FOR_STABILITY_CHECK: int = Field(
        12, ge=1, description="Successful comparisons before scores can count as stable."
    )
    SCORE_STABILITY_THRESHOLD: float = Field(
        0.20, gt=0, description="Largest change of a score, in SDs of the scores, that is stable."
    )
    MIN_SUCCESS_RATE_THRESHOLD: float = Field(
        0.8, ge=0, le=1, description="Share of answered comparisons that must have a winner."
    )
    MAX_RETRY_ATTEMPTS: int = Field(
        2, ge=0, description="Rounds of retrying a wave's failed comparisons."
    )
    MAX_CONSECUTIVE_FAILED_WAVES: int = Field(
        2, ge=1, description="Waves without any success before the batch fails."
    )
    MAX_ITERATIONS: int = Field(50, ge=1, description="Most waves of a batch.")
    ENABLE_ITERATIVE_BATCHING_LOOP: bool = Field(
        True, description="Off: one wave only, in every mode."
    )
    ENABLE_COMPARISON_POSITION_BALANCING: bool = Field(
        True, description="Balance how often each essay is named first; off: a seeded coin."
    )
    BATCH_TIMEOUT_SECONDS: float = Field(
        4 * 3600.0, gt=0, description="A batch without activity for this long is recovered."
    )
    MAX_ESSAY_CHARS: int = Field(
        100_000, ge=100, description="Longest essay taken in, in characters."
    )
    # Excluded from what a batch notes of its settings: these change nothing in it.
    EVENT_WEBHOOK_URLS: list[str] = Field(
        [], description="Where the end of each batch is told.", exclude=True, repr=False
    )
    EVENT_WEBHOOK_SECRET: SecretStr = Field(
        SecretStr(""), description="Signs the events that are sent.", exclude=True, repr=False
    )
    EVENT_WEBHOOK_ALLOWED_HOSTS: list[str] = Field(
        [],
        description="Hosts, or host:port, that events may be sent to; empty: those of the URLs.",
        exclude=True,
    )
    EVENT_WEBHOOK_ALLOW_HTTP: bool = Field(
        False, description="Send events over plain http too.", exclude=True
    )
    EVENT_WEBHOOK_ALLOW_PRIVATE: bool = Field(
        False, description="Send events to private and loopback addresses too.", exclude=True
    )
    EVENT_WEBHOOK_GIVE_UP_HOURS: float = Field(
        24.0, gt=0, description="An event not delivered by then is given up.", exclude=True
    )

    @model_validator(mode="after")
    def _webhooks_can_work(self) -> Self:
        check_webhooks(self)
        return self


@lru_cache(maxsize=1)
def get_settings() -> AssessmentSettings:
    """The settings in force; read once per process."""
    return AssessmentSettings()
