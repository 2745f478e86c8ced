"""Values of the labels `provider` and `model`: always few, whatever callers ask for.

A model has a label of its own where the registry knows it (a dated snapshot has its family's) or
METRICS_MODELS names it; all mock judges share one, "mock". Any other name, which a caller may
have made up, is counted as "other".
"""

from typing import Final

from llmprovider.conf import get_settings
from llmprovider.contracts.models import known_model

PROVIDERS: Final = ("mock", "anthropic", "openai", "openai_compatible")
OTHER: Final = "other"


def judge_labels(provider: str, model: str) -> dict[str, str]:
    """{"provider", "model"} of a judge, as its metrics have them."""
    return {"provider": provider_label(provider), "model": _model_label(provider, model)}


def provider_label(provider: str) -> str:
    """The provider's name, or "other"."""
    return provider if provider in PROVIDERS else OTHER


def _model_label(provider: str, model: str) -> str:
    if f"{provider}:{model}" in get_settings().METRICS_MODELS:
        return model
    known = known_model(provider, model)
    return known.model or provider if known is not None else OTHER
