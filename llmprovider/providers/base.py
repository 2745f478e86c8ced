"""The seam between the queue and a provider: one request, one response or one classified error."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from llmprovider.contracts import ErrorType, TokenUsage


class Stop(StrEnum):
    """Why the provider stopped writing."""

    END = "end"
    MAX_TOKENS = "max_tokens"
    REFUSAL = "refusal"


@dataclass(frozen=True)
class ProviderRequest:
    """One call: everything the provider gets, and nothing else it could learn.

    `occasions` (item id -> occasion) and `model` aside, a simulated judge sees what a real one
    sees: `system`, `user` and `schema`. Real providers are never sent `occasions`.
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
    occasions: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class ProviderResponse:
    """What came back: the answer's text (JSON by the schema), why it ended, and its usage."""

    text: str = field(repr=False)
    stop: Stop
    usage: TokenUsage
    model: str
    request_id: str = ""


class ProviderError(Exception):
    """A call that gave no response, told apart by `error_type`. The message holds no essay text."""

    def __init__(
        self,
        error_type: ErrorType,
        message: str,
        *,
        retry_after: float | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.retry_after = retry_after
        self.request_id = request_id


class Provider(Protocol):
    """A judge that can be called."""

    def call(self, request: ProviderRequest) -> ProviderResponse:
        """One attempt, no retries. Raises ProviderError."""
        ...
