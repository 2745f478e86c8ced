"""What is asked of the judge service, and what comes back: plain, versioned, JSON-serialisable."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

CONTRACT_VERSION = 1
MAX_BUNDLE_SIZE = 64
# One limit for prompt, schema, validator and report.
MAX_JUSTIFICATION_CHARS = 500

Winner = Literal["essay_a", "essay_b"]


class QueueMode(StrEnum):
    """How the queue fills provider calls."""

    PER_REQUEST = "per_request"
    SERIAL_BUNDLE = "serial_bundle"
    BATCH_API = "batch_api"


class BatchFill(StrEnum):
    """What one request of a provider's batch job holds."""

    SINGLE = "single"  # one comparison
    BUNDLES = "bundles"  # as many as a call of the live queue would


class ErrorCode(StrEnum):
    """Coarse code of a failed comparison; `ErrorType` tells the cause."""

    EXTERNAL_SERVICE_ERROR = "EXTERNAL_SERVICE_ERROR"
    RATE_LIMIT = "RATE_LIMIT"
    TIMEOUT = "TIMEOUT"
    CONNECTION_ERROR = "CONNECTION_ERROR"
    AUTHENTICATION_ERROR = "AUTHENTICATION_ERROR"
    INVALID_REQUEST = "INVALID_REQUEST"
    INVALID_RESPONSE = "INVALID_RESPONSE"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


class ErrorType(StrEnum):
    """Cause of a failed provider call or comparison."""

    RATE_LIMIT = "rate_limit"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    AUTHENTICATION = "authentication"
    INVALID_REQUEST = "invalid_request"
    MAX_TOKENS = "max_tokens"
    REFUSAL = "refusal"
    INVALID_RESPONSE = "invalid_response"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


CODE_OF_TYPE: dict[ErrorType, ErrorCode] = {
    ErrorType.RATE_LIMIT: ErrorCode.RATE_LIMIT,
    ErrorType.OVERLOADED: ErrorCode.EXTERNAL_SERVICE_ERROR,
    ErrorType.SERVER_ERROR: ErrorCode.EXTERNAL_SERVICE_ERROR,
    ErrorType.TIMEOUT: ErrorCode.TIMEOUT,
    ErrorType.CONNECTION: ErrorCode.CONNECTION_ERROR,
    ErrorType.AUTHENTICATION: ErrorCode.AUTHENTICATION_ERROR,
    ErrorType.INVALID_REQUEST: ErrorCode.INVALID_REQUEST,
    ErrorType.MAX_TOKENS: ErrorCode.EXTERNAL_SERVICE_ERROR,
    ErrorType.REFUSAL: ErrorCode.EXTERNAL_SERVICE_ERROR,
    ErrorType.INVALID_RESPONSE: ErrorCode.INVALID_RESPONSE,
    ErrorType.EXPIRED: ErrorCode.EXPIRED,
    ErrorType.CANCELLED: ErrorCode.CANCELLED,
}

# A further attempt at the same comparison can succeed only after these.
RETRYABLE: frozenset[ErrorType] = frozenset(
    {
        ErrorType.RATE_LIMIT,
        ErrorType.OVERLOADED,
        ErrorType.SERVER_ERROR,
        ErrorType.TIMEOUT,
        ErrorType.CONNECTION,
        ErrorType.MAX_TOKENS,
        ErrorType.INVALID_RESPONSE,
        ErrorType.EXPIRED,
    }
)


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Document(_Message):
    """One essay as the caller knows it; only `text` ever reaches a provider."""

    id: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, repr=False)


class Instructions(_Message):
    """What the judge is told besides the texts; the same for many comparisons."""

    system_prompt: str = Field("", repr=False)
    task: str = Field("", repr=False)
    rubric: str = Field("", repr=False)


class GivenPrice(_Message):
    """What the caller says a live call costs, in USD per million tokens, cached or not.

    Requests of a provider's batch job cost half of it.
    """

    input_per_million: Decimal = Field(ge=0, le=100_000)
    output_per_million: Decimal = Field(ge=0, le=100_000)


class Overrides(_Message):
    """Who judges, and with which parameters. None means the model's own default."""

    provider: str = Field(min_length=1)
    model: str = Field(min_length=1)
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1)
    system_prompt: str | None = Field(None, repr=False)
    reasoning_effort: str | None = None
    output_verbosity: str | None = None
    price: GivenPrice | None = Field(
        None, description="Instead of the list price; never sent to the vendor."
    )


class ComparisonRequest(_Message):
    """One comparison for the queue. `first` is `essay_a`, and is named first to the judge."""

    version: int = CONTRACT_VERSION
    correlation_id: UUID
    first: Document
    second: Document
    instructions: Instructions
    overrides: Overrides
    on_results: str = Field(description="Name of the task that takes a bundle's results home.")
    queue_mode: QueueMode | None = Field(None, description="None: the queue's own default.")
    bundle_limit: int = Field(MAX_BUNDLE_SIZE, ge=1, le=MAX_BUNDLE_SIZE)
    bundle_group: str | None = Field(
        None, description="Comparisons of one group belong in one call while they fit."
    )
    batch_fill: BatchFill | None = Field(
        None, description="In batch_api mode; None: the queue's own default."
    )
    batch_key: str = Field(min_length=1, max_length=100)
    money_cap: Decimal | None = Field(None, ge=0, description="USD, for the whole batch_key.")
    priority: int = Field(5, ge=0, le=9, description="0 first.")
    expires_at: datetime | None = None
    occasion: str = Field(
        "1", max_length=40, description="Tells repeats and retries of one ordered pair apart."
    )
    metadata: dict[str, Any] = Field(default_factory=dict, description="Echoed verbatim.")

    @model_validator(mode="after")
    def _two_different_documents(self) -> Self:
        if self.first.id == self.second.id:
            raise ValueError("first and second are the same document")
        return self


class TokenUsage(_Message):
    """Tokens of one call, or one comparison's share of it, by price class."""

    input: int = Field(0, ge=0, description="All of them, read from and written to a cache too.")
    output: int = Field(0, ge=0, description="All of them, reasoning too.")
    cache_read: int = Field(0, ge=0)
    cache_write: int = Field(0, ge=0)
    cache_write_1h: int = Field(0, ge=0, description="Those of `cache_write` kept for an hour.")
    reasoning: int = Field(0, ge=0)


class ErrorDetail(_Message):
    """Why a comparison has no winner. Never a stack trace, a key or essay text."""

    code: ErrorCode
    error_type: ErrorType
    message: str
    retryable: bool
    outage: bool = Field(
        False, description="The judge cannot serve at all: every further call would fail alike."
    )
    retry_after: float | None = Field(None, description="Seconds, as the provider asked.")
    provider: str
    model: str
    attempts: int
    correlation_id: UUID
    timestamp: datetime


class ComparisonResult(_Message):
    """LLMComparisonResultV1: exactly one of `winner` and `error_detail`."""

    version: int = CONTRACT_VERSION
    request_id: UUID
    correlation_id: UUID
    winner: Winner | None
    confidence: int | None = Field(None, ge=1, le=5)
    justification: str | None = None
    error_detail: ErrorDetail | None = None
    provider: str
    model: str
    response_time_ms: int | None = None
    token_usage: TokenUsage
    cost_usd: Decimal
    requested_at: datetime
    completed_at: datetime
    request_metadata: dict[str, Any]

    @model_validator(mode="after")
    def _winner_xor_error(self) -> Self:
        if (self.winner is None) == (self.error_detail is None):
            raise ValueError("a result has either a winner or an error")
        return self
