"""The public contract of the judge service: message types here, the queue's doors in `queue`."""

from llmprovider.contracts.comparisons import (
    CODE_OF_TYPE,
    MAX_BUNDLE_SIZE,
    MAX_JUSTIFICATION_CHARS,
    RETRYABLE,
    ComparisonRequest,
    ComparisonResult,
    Document,
    ErrorCode,
    ErrorDetail,
    ErrorType,
    Instructions,
    Overrides,
    QueueMode,
    TokenUsage,
    Winner,
)

__all__ = [
    "CODE_OF_TYPE",
    "MAX_BUNDLE_SIZE",
    "MAX_JUSTIFICATION_CHARS",
    "RETRYABLE",
    "ComparisonRequest",
    "ComparisonResult",
    "Document",
    "ErrorCode",
    "ErrorDetail",
    "ErrorType",
    "Instructions",
    "Overrides",
    "QueueMode",
    "TokenUsage",
    "Winner",
]
