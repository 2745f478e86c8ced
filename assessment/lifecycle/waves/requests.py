"""Requests to the judge service: made in one place, for judging and for planning alike."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from assessment.conf import get_settings
from assessment.lifecycle.messages import RECORD_RESULTS
from assessment.modes import QUEUE_MODES, LLMBatchingMode
from llmprovider.contracts import (
    MAX_BUNDLE_SIZE,
    BatchFill,
    ComparisonRequest,
    Document,
    Instructions,
    Overrides,
)


@dataclass(frozen=True)
class Asking:
    """One comparison to be asked. `judge` is an index into the judges of its `Setting`."""

    first: Document
    second: Document
    judge: int
    group: str | None
    correlation_id: UUID = field(default_factory=uuid4)
    occasion: str = "1"
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """What the comparisons of one batch have in common."""

    instructions: Instructions
    judges: Sequence[Overrides]
    mode: LLMBatchingMode
    batch_key: str
    bundle_size_override: int | None = None
    batch_fill: BatchFill | None = None
    money_cap: Decimal | None = None


def judges_of(judges: Iterable[Mapping[str, Any]], overrides: Mapping[str, Any]) -> list[Overrides]:
    """Who judges, each with the parameters that all of them share."""
    return [Overrides.model_validate({**judge, **overrides}) for judge in judges]


def preferred_bundle_size(count: int) -> int:
    """The hint for a wave, or a retry, of `count` comparisons: 1 to 64."""
    return min(count, MAX_BUNDLE_SIZE)


def comparison_requests(
    askings: Sequence[Asking], setting: Setting, *, of: int | None = None
) -> list[ComparisonRequest]:
    """The requests of one wave or one retry, in the order of `askings`.

    of: comparisons of the whole wave or retry, where these are only the rest of it.
    """
    hints = get_settings().ENABLE_LLM_BATCHING_METADATA_HINTS
    preferred = preferred_bundle_size(of or len(askings)) if hints else MAX_BUNDLE_SIZE
    return [
        ComparisonRequest(
            correlation_id=asking.correlation_id,
            first=asking.first,
            second=asking.second,
            instructions=setting.instructions,
            overrides=setting.judges[asking.judge],
            on_results=RECORD_RESULTS,
            queue_mode=QUEUE_MODES[setting.mode],
            batch_fill=setting.batch_fill,
            bundle_limit=setting.bundle_size_override or preferred,
            bundle_group=asking.group,
            batch_key=setting.batch_key,
            money_cap=setting.money_cap,
            occasion=asking.occasion,
            metadata=dict(asking.metadata),
        )
        for asking in askings
    ]
