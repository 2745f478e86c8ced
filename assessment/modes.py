"""Batching modes: how a batch is cut into waves and provider calls, and who decides."""

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
    """The mode in force and, when it does not do all that its name says, why."""

    mode: LLMBatchingMode
    warning: str | None = None


def resolve_mode(
    override: LLMBatchingMode | None,
    default: LLMBatchingMode,
    providers: list[str],
    batch_api_providers: list[str],
) -> ResolvedMode:
    """The effective mode of a batch: its override, else the setting, within what is allowed."""
    mode = override if override is not None else default
    if mode is not LLMBatchingMode.PROVIDER_BATCH_API:
        return ResolvedMode(mode)
    outside = sorted({p for p in providers if p not in {*batch_api_providers, ALWAYS_ALLOWED}})
    if not outside:
        return ResolvedMode(
            mode,
            "provider_batch_api judges everything in one wave; this version sends it through the "
            "live queue, at live prices, not as a provider's batch job.",
        )
    return ResolvedMode(
        LLMBatchingMode.SERIAL_BUNDLE,
        f"provider_batch_api is not allowed for {', '.join(outside)}: "
        "judged with serial_bundle instead (LLM_BATCH_API_ALLOWED_PROVIDERS).",
    )
