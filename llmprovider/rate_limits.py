"""Rate limits an operator sets for a provider, or for one of its models."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches

from pydantic import BaseModel, ConfigDict, Field

from llmprovider.contracts.known_models import KNOWN_MODELS
from llmprovider.contracts.models import known_model
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


def name_problem(names: Iterable[str], providers: Collection[str]) -> str | None:
    """What is wrong with the first entry that could hold for no call, with its remedy."""
    for name in names:
        provider, colon, model = name.partition(":")
        if provider not in providers:
            known = ", ".join(sorted(providers))
            return f"unknown provider {provider!r} in {name!r}. Use one of: {known}"
        if colon and not model:
            return f"{name!r} names no model. Leave the colon out, or add one: {provider}:model"
    return None


def name_doubts(names: Iterable[str]) -> Iterator[str]:
    """A line for each entry of a model that is not known to be its vendor's; it may be new."""
    vendors = {provider for provider, _ in KNOWN_MODELS}
    for name in names:
        provider, _, model = name.partition(":")
        if model and provider in vendors and known_model(provider, model) is None:
            of_vendor = [other for vendor, other in KNOWN_MODELS if vendor == provider]
            near = get_close_matches(model, of_vendor, n=1)
            meant = f"; did you mean {provider}:{near[0]}?" if near else ""
            yield f"no model {model!r} of {provider} is known here{meant}"
