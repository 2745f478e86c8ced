"""Rate limits an operator sets for a provider, or for one of its models."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from llmprovider.providers.base import LimitKind


class RateLimits(BaseModel):
    """What one provider and model may be asked for, by all workers together. None: no limit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests_per_minute: int | None = Field(None, ge=1)
    input_tokens_per_minute: int | None = Field(None, ge=1)
    output_tokens_per_minute: int | None = Field(None, ge=1)
    tokens_per_minute: int | None = Field(None, ge=1, description="Input and output together.")
    concurrency: int | None = Field(None, ge=1, description="Calls under way at one time.")

    def per_minute(self) -> dict[LimitKind, int]:
        """The limits per minute that are set."""
        limits = {
            LimitKind.REQUESTS: self.requests_per_minute,
            LimitKind.INPUT_TOKENS: self.input_tokens_per_minute,
            LimitKind.OUTPUT_TOKENS: self.output_tokens_per_minute,
            LimitKind.TOKENS: self.tokens_per_minute,
        }
        return {kind: limit for kind, limit in limits.items() if limit is not None}


def limits_of(table: Mapping[str, RateLimits], provider: str, model: str) -> RateLimits | None:
    """The entry `provider:model` of `table`, else the entry `provider`, else None.

    An entry for a provider holds for each of its models by itself; a model's own replaces it.
    """
    return table.get(f"{provider}:{model}") or table.get(provider)
