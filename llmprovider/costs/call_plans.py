"""Which comparisons will share a call, before anything is sent."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from llmprovider.conf import BatchApiMode, get_settings
from llmprovider.contracts import (
    BatchFill,
    ComparisonRequest,
    Instructions,
    Overrides,
    QueueMode,
)
from llmprovider.contracts.models import known_model, most_comparisons
from llmprovider.prompting.prompts import system_text
from llmprovider.prompting.tokens import LIKELY, estimate_tokens
from llmprovider.providers.registry import batch_problem
from llmprovider.queueing.bundling import PlanItem, plan_bundles


def sha256_of(*parts: str) -> str:
    """Hash of texts that cannot run into each other."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def document_sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class MeasuredText:
    """A text's hash and its estimated tokens: upper, and likely."""

    sha256: str
    tokens: int
    likely: int


def measured(requests: Sequence[ComparisonRequest]) -> dict[str, MeasuredText]:
    """Each distinct text of `requests`, hashed and measured once."""
    texts: dict[str, MeasuredText] = {}
    for request in requests:
        for document in (request.first, request.second):
            text = document.text
            if text not in texts:
                texts[text] = MeasuredText(
                    document_sha256(text), estimate_tokens(text), LIKELY.tokens(text)
                )
    return texts


def mode_of(request: ComparisonRequest) -> QueueMode:
    return request.queue_mode or get_settings().QUEUE_PROCESSING_MODE


def by_job(request: ComparisonRequest) -> bool:
    """Whether the request goes into a provider's batch job: wanted, and taken by the model."""
    if mode_of(request) is not QueueMode.BATCH_API:
        return False
    if get_settings().BATCH_API_MODE is BatchApiMode.DISABLED:
        return False
    return batch_problem(request.overrides.provider, request.overrides.model) is None


def _limit_of(request: ComparisonRequest) -> int:
    fill = request.batch_fill or get_settings().BATCH_API_FILL
    single = fill is BatchFill.SINGLE and by_job(request)
    return 1 if single else request.bundle_limit


def plan_calls(
    requests: Sequence[ComparisonRequest], texts: dict[str, MeasuredText]
) -> list[list[int]]:
    """Positions in `requests`, one list per provider call or request of a batch job."""
    settings = get_settings()
    fixed: dict[tuple[Instructions, str | None], tuple[str, int]] = {}
    limits: dict[tuple[Overrides, int], int] = {}
    items = []
    for request in requests:
        given = (request.instructions, request.overrides.system_prompt)
        if given not in fixed:
            system = system_text(*given)
            fixed[given] = (sha256_of(system), estimate_tokens(system))
        system_sha, system_tokens = fixed[given]
        judge, limit = request.overrides, _limit_of(request)
        if (judge, limit) not in limits:
            known = known_model(judge.provider, judge.model)
            limits[judge, limit] = most_comparisons(known, judge, limit)
        first, second = texts[request.first.text], texts[request.second.text]
        items.append(
            PlanItem(
                key=sha256_of(request.batch_key, system_sha, request.overrides.model_dump_json()),
                group=request.bundle_group,
                limit=limits[judge, limit],
                first=first.sha256,
                second=second.sha256,
                first_tokens=first.tokens,
                second_tokens=second.tokens,
                fixed_tokens=system_tokens,
                mode=mode_of(request),
            )
        )
    return plan_bundles(
        items,
        cap=settings.SERIAL_BUNDLE_MAX_REQUESTS_PER_CALL,
        token_budget=settings.BUNDLE_TOKEN_BUDGET,
    )
