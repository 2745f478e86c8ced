"""Which comparisons will share a call, and what those calls will take, before anything is sent."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from llmprovider.bundling import PlanItem, plan_bundles
from llmprovider.conf import get_settings
from llmprovider.contracts import ComparisonRequest, Instructions, QueueMode, TokenUsage
from llmprovider.pricing import UnknownPrice, cost_of
from llmprovider.prompts import system_text
from llmprovider.tokens import estimate_tokens, expected_output_tokens, input_tokens


def sha256_of(*parts: str) -> str:
    """Hash of texts that cannot run into each other."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def document_sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class MeasuredText:
    """A text's hash and its estimated tokens."""

    sha256: str
    tokens: int


def measured(requests: Sequence[ComparisonRequest]) -> dict[str, MeasuredText]:
    """Each distinct text of `requests`, hashed and measured once."""
    texts: dict[str, MeasuredText] = {}
    for request in requests:
        for document in (request.first, request.second):
            if document.text not in texts:
                texts[document.text] = MeasuredText(
                    document_sha256(document.text), estimate_tokens(document.text)
                )
    return texts


def mode_of(request: ComparisonRequest) -> QueueMode:
    return request.queue_mode or get_settings().QUEUE_PROCESSING_MODE


def plan_calls(
    requests: Sequence[ComparisonRequest], texts: dict[str, MeasuredText]
) -> list[list[int]]:
    """Positions in `requests`, one list per provider call."""
    settings = get_settings()
    fixed: dict[tuple[Instructions, str | None], tuple[str, int]] = {}
    items = []
    for request in requests:
        given = (request.instructions, request.overrides.system_prompt)
        if given not in fixed:
            system = system_text(*given)
            fixed[given] = (sha256_of(system), estimate_tokens(system))
        system_sha, system_tokens = fixed[given]
        first, second = texts[request.first.text], texts[request.second.text]
        items.append(
            PlanItem(
                key=sha256_of(request.batch_key, system_sha, request.overrides.model_dump_json()),
                group=request.bundle_group,
                limit=request.bundle_limit,
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


@dataclass(frozen=True)
class Estimate:
    """What judging some comparisons once will take. `cost_usd` is None where no price is known."""

    comparisons: int
    calls: int
    texts_sent: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None

    def __add__(self, other: "Estimate") -> "Estimate":
        both_known = self.cost_usd is not None and other.cost_usd is not None
        return Estimate(
            self.comparisons + other.comparisons,
            self.calls + other.calls,
            self.texts_sent + other.texts_sent,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            (self.cost_usd or Decimal(0)) + (other.cost_usd or Decimal(0)) if both_known else None,
        )


NOTHING = Estimate(0, 0, 0, 0, 0, Decimal(0))


def estimate(requests: Sequence[ComparisonRequest]) -> Estimate:
    """Calls, tokens and list price of judging `requests` once, without retries or cached tokens."""
    texts = measured(requests)
    total = NOTHING
    for members in plan_calls(requests, texts):
        lead = requests[members[0]]
        distinct = {
            text
            for member in members
            for text in (requests[member].first.text, requests[member].second.text)
        }
        usage = TokenUsage(
            input=input_tokens(
                estimate_tokens(system_text(lead.instructions, lead.overrides.system_prompt)),
                sum(texts[text].tokens for text in distinct),
                len(distinct),
                len(members),
            ),
            output=expected_output_tokens(len(members)),
        )
        cost: Decimal | None
        try:
            cost = cost_of(lead.overrides.provider, lead.overrides.model, usage)
        except UnknownPrice:
            cost = None
        total += Estimate(len(members), 1, len(distinct), usage.input, usage.output, cost)
    return total
