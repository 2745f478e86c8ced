"""Batching modes: how a batch is cut into waves and provider calls, and who decides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from llmprovider.contracts import QueueMode

ALIASES = {"provider_serial_bundle": "serial_bundle"}


class LLMBatchingMode(StrEnum):
    """How the comparisons of a batch reach the provider."""

    PER_REQUEST = "per_request"
    SERIAL_BUNDLE = "serial_bundle"
    PROVIDER_BATCH_API = "provider_batch_api"

    @classmethod
    def _missing_(cls, value: object) -> "LLMBatchingMode | None":
        alias = ALIASES.get(value) if isinstance(value, str) else None
        return cls(alias) if alias else None


class LLMBatchingStrategy(StrEnum):
    """Where the bundle limit comes from in serial_bundle."""

    SERIAL_ROUND = "serial_round"
    SERIAL_OVERRIDE = "serial_override"


QUEUE_MODES = {
    LLMBatchingMode.PER_REQUEST: QueueMode.PER_REQUEST,
    LLMBatchingMode.SERIAL_BUNDLE: QueueMode.SERIAL_BUNDLE,
    LLMBatchingMode.PROVIDER_BATCH_API: QueueMode.BATCH_API,
}

# The mock judge may stand in for any provider, so every mode can be tried without a key.
ALWAYS_ALLOWED = "mock"


@dataclass(frozen=True)
class ResolvedMode:
    """The mode in force and, when it is not the one that was asked for, why."""

    mode: LLMBatchingMode
    warning: str | None = None


def resolve_mode(
    override: LLMBatchingMode | None,
    default: LLMBatchingMode,
    judges: Sequence[tuple[str, str]],
    batch_api_providers: Sequence[str],
    batch_problem: Callable[[str, str], str | None],
) -> ResolvedMode:
    """The effective mode of a batch: its override, else the setting, within what is possible.

    judges: (provider, model) of each. batch_problem: why a judge cannot work in a provider's batch
    job, None if it can. One judge that cannot, or may not, makes the whole batch a live one.
    """
    mode = override if override is not None else default
    if mode is not LLMBatchingMode.PROVIDER_BATCH_API:
        return ResolvedMode(mode)
    allowed = {*batch_api_providers, ALWAYS_ALLOWED}
    outside = sorted({provider for provider, _ in judges} - allowed)
    if outside:
        return ResolvedMode(
            LLMBatchingMode.SERIAL_BUNDLE,
            f"provider_batch_api is not allowed for {', '.join(outside)}: "
            "judged with serial_bundle instead (LLM_BATCH_API_ALLOWED_PROVIDERS).",
        )
    problems = [problem for judge in judges if (problem := batch_problem(*judge))]
    if problems:
        return ResolvedMode(
            LLMBatchingMode.SERIAL_BUNDLE,
            f"provider_batch_api is not possible ({'; '.join(problems)}): "
            "judged with serial_bundle instead, at live prices.",
        )
    return ResolvedMode(mode)
