"""Requests to the judge service for stored pairs, with what their metadata says."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from assessment.conf import get_settings
from assessment.lifecycle.waves.requests import (
    Asking,
    Setting,
    comparison_requests,
    judges_of,
    preferred_bundle_size,
)
from assessment.models import Batch, ComparisonPair, Essay, Wave
from assessment.modes import LLMBatchingMode
from llmprovider.contracts import BatchFill, ComparisonRequest, Document, Instructions, bills


def cheapest_call(batch: Batch, wave: Wave) -> Decimal | None:
    """USD that the least of the wave's calls can cost at most; None where no price is known."""
    pairs = list(wave.pairs.order_by("id"))
    return bills.cheapest_call(requests_of(batch, wave, pairs, of=len(pairs)))


def request_type_of(wave: Wave) -> ComparisonPair.RequestType:
    """Of the comparisons asked in the wave's current round."""
    kinds = ComparisonPair.RequestType
    return kinds.COMPARISON if wave.round == 1 else kinds.RETRY


def requests_of(
    batch: Batch,
    wave: Wave,
    pairs: Sequence[ComparisonPair],
    *,
    of: int,
    essays: Iterable[Essay] | None = None,
) -> list[ComparisonRequest]:
    """What the judges are asked about `pairs` of the wave's current round.

    of: comparisons in the round. essays: all of the batch's, where they are at hand.
    """
    request_type = request_type_of(wave)
    documents = {
        essay.pk: Document(id=str(essay.pk), text=essay.text)
        for essay in (batch.essays.all() if essays is None else essays)
    }
    preferred = preferred_bundle_size(of)
    askings = [
        Asking(
            first=documents[pair.essay_a_id],
            second=documents[pair.essay_b_id],
            judge=pair.judge,
            group=f"{wave.number}.{wave.round}.{pair.block}" if pair.block is not None else None,
            correlation_id=pair.correlation_id,
            occasion=f"{pair.repeat}.{pair.attempts}",
            metadata=_metadata(batch, wave, pair, request_type, preferred),
        )
        for pair in pairs
    ]
    return comparison_requests(askings, setting_of(batch), of=of)


def setting_of(batch: Batch) -> Setting:
    """What all comparisons of the batch have in common."""
    return Setting(
        instructions=Instructions(
            system_prompt=batch.system_prompt, task=batch.task, rubric=batch.rubric
        ),
        judges=judges_of(batch.judges, batch.llm_config_overrides),
        mode=LLMBatchingMode(batch.llm_batching_mode),
        batch_key=str(batch.pk),
        bundle_size_override=batch.bundle_size_override,
        batch_fill=BatchFill(batch.batch_fill) if batch.batch_fill else None,
        money_cap=batch.money_cap,
    )


def _metadata(
    batch: Batch,
    wave: Wave,
    pair: ComparisonPair,
    request_type: ComparisonPair.RequestType,
    preferred_bundle_size: int,
) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "request_correlation_id": str(pair.correlation_id),
        "essay_a_id": str(pair.essay_a_id),
        "essay_b_id": str(pair.essay_b_id),
        "cj_batch_id": str(batch.pk),
        "cj_source": batch.cj_source,
        "cj_request_type": request_type.value,
    }
    if batch.bos_batch_id:
        metadata["bos_batch_id"] = batch.bos_batch_id
    if get_settings().ENABLE_LLM_BATCHING_METADATA_HINTS:
        metadata["cj_llm_batching_mode"] = batch.llm_batching_mode
        metadata["comparison_iteration"] = wave.number
        metadata["preferred_bundle_size"] = preferred_bundle_size
    return metadata
