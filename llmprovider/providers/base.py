"""The seam between the queue and a provider: one request, one response or one classified error."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

from llmprovider.contracts import ErrorType, TokenUsage


class Stop(StrEnum):
    """Why the provider stopped writing."""

    END = "end"
    MAX_TOKENS = "max_tokens"
    REFUSAL = "refusal"


class LimitKind(StrEnum):
    """What a provider rations per minute."""

    REQUESTS = "requests"
    INPUT_TOKENS = "input_tokens"
    OUTPUT_TOKENS = "output_tokens"
    TOKENS = "tokens"  # input and output together


@dataclass(frozen=True)
class VendorLimit:
    """One limit as the provider's headers state it: `limit` per minute, `remaining` now.

    `reset` is in seconds from the answer until the whole of `limit` is free again.
    """

    kind: LimitKind
    limit: int
    remaining: int
    reset: float


@dataclass(frozen=True)
class ProviderRequest:
    """One call: everything the provider gets, and nothing else it could learn.

    `occasions` (item id -> occasion) and `model` aside, a simulated judge sees what a real one
    sees: `system`, `user` and `schema`. Real providers are never sent `occasions`. `cache_ttl`:
    have the provider keep `system` for that long, where it must be asked to; None: do not ask.
    """

    provider: str
    model: str
    system: str = field(repr=False)
    user: str = field(repr=False)
    schema: Mapping[str, Any] = field(repr=False)
    max_tokens: int
    temperature: float | None = None
    reasoning_effort: str | None = None
    output_verbosity: str | None = None
    cache_ttl: Literal["5m", "1h"] | None = None
    occasions: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class ProviderResponse:
    """What came back: the answer's text (JSON by the schema), why it ended, and its usage.

    `usage` None: not reported, or not as counts; what the answer cost is then unknown.
    """

    text: str = field(repr=False)
    stop: Stop
    usage: TokenUsage | None
    model: str
    request_id: str = ""
    limits: tuple[VendorLimit, ...] = ()


class ProviderError(Exception):
    """A call that gave no response, told apart by `error_type`. The message holds no essay text.

    `outage`: nobody could be served with this provider and model (bad key, no credit, no such
    model); `model_only`: other models of the provider may be served (no right to this one).
    `size`: asking for less at once may cure it. `unsent`: the request cannot have reached the
    provider. `retry_after`: seconds, as asked.
    """

    def __init__(
        self,
        error_type: ErrorType,
        message: str,
        *,
        retry_after: float | None = None,
        request_id: str = "",
        outage: bool = False,
        model_only: bool = False,
        size: bool = False,
        unsent: bool = False,
        limits: tuple[VendorLimit, ...] = (),
    ) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.retry_after = retry_after
        self.request_id = request_id
        self.outage = outage
        self.model_only = model_only
        self.size = size
        self.unsent = unsent
        self.limits = limits


class Provider(Protocol):
    """A judge that can be called."""

    def call(self, request: ProviderRequest) -> ProviderResponse:
        """One attempt, no retries. Raises ProviderError."""
        ...
