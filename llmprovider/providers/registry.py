"""Which providers there are, and what each needs before it can judge."""

import os
from dataclasses import dataclass

from llmprovider.providers.base import Provider
from llmprovider.providers.mock import MockProvider


@dataclass(frozen=True)
class KnownProvider:
    """A provider by the name used in batches. `key_variable` is empty where no key is needed."""

    name: str
    key_variable: str
    default_model: str = ""


MOCK = "mock"
PROVIDERS = {
    provider.name: provider
    for provider in (
        KnownProvider(MOCK, "", default_model="latent-quality"),
        KnownProvider("anthropic", "ANTHROPIC_API_KEY"),
        KnownProvider("openai", "OPENAI_API_KEY"),
    )
}


def is_mock(provider: str) -> bool:
    return provider == MOCK


def judge_problem(provider: str, model: str) -> str | None:
    """Why this judge cannot be used here, with the remedy; None if it can."""
    known = PROVIDERS.get(provider)
    if known is None:
        names = ", ".join(sorted(PROVIDERS))
        return f"unknown provider {provider!r}. Use one of: {names}"
    if not model:
        return f"no model named for provider {provider}. Add one: provider:model"
    if known.key_variable and not os.environ.get(known.key_variable):
        return f"provider {provider} needs a key. Set {known.key_variable} in the environment"
    if provider not in _ADAPTERS:
        return f"this version cannot call {provider} yet. Use provider mock"
    return None


_ADAPTERS: dict[str, type[Provider]] = {MOCK: MockProvider}


def provider_for(name: str) -> Provider:
    """The adapter of a known provider. Raises KeyError for one that `judge_problem` refuses."""
    return _ADAPTERS[name]()
