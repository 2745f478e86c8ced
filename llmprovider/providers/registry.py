"""Which providers there are, and what each needs before it can judge."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone

from llmprovider.contracts.models import known_model, model_problem
from llmprovider.providers.base import Provider
from llmprovider.providers.batches.base import BatchProvider, RequestsOf
from llmprovider.providers.environments import (
    address_problem,
    base_url_problem,
    is_at,
    key_problem,
    place_of,
)


@dataclass(frozen=True)
class KnownProvider:
    """A provider by the name used in batches, and the environment variables it cannot do without.

    `key_variable` and `address_variable` are empty where none is needed; `base_url_variable` is
    that of an address which may be set instead of one of the vendor's own, which are in `domain`.
    """

    name: str
    key_variable: str = ""
    address_variable: str = ""
    base_url_variable: str = ""
    domain: str = ""
    default_model: str = ""


MOCK = "mock"
PROVIDERS = {
    provider.name: provider
    for provider in (
        KnownProvider(MOCK, default_model="latent-quality"),
        KnownProvider(
            "anthropic",
            key_variable="ANTHROPIC_API_KEY",
            base_url_variable="ANTHROPIC_BASE_URL",
            domain="anthropic.com",
        ),
        KnownProvider(
            "openai",
            key_variable="OPENAI_API_KEY",
            base_url_variable="OPENAI_BASE_URL",
            domain="openai.com",
        ),
        KnownProvider("openai_compatible", address_variable="OPENAI_COMPATIBLE_BASE_URL"),
    )
}


@dataclass(frozen=True)
class JudgeAddress:
    """Where a provider is asked that has been given an address; `variable` holds it.

    place: scheme, host and port. instead_of_vendor: the provider has a name and a price list of
    its own, and is asked elsewhere.
    """

    provider: str
    variable: str
    place: str
    instead_of_vendor: bool


def address_of(provider: str) -> JudgeAddress | None:
    """The address that the environment gives the provider; None where it is the vendor's own."""
    known = PROVIDERS.get(provider)
    variable = (known.base_url_variable or known.address_variable) if known else ""
    if known is None or not variable or address_problem(variable):
        return None
    address = os.environ[variable]
    if known.domain and is_at(address, known.domain):
        return None
    return JudgeAddress(provider, variable, place_of(address), bool(known.base_url_variable))


def is_mock(provider: str) -> bool:
    return provider == MOCK


def judge_problem(provider: str, model: str) -> str | None:
    """Why this judge cannot be used here, with the remedy; None if it can."""
    return choice_problem(provider, model) or environment_problem(provider)


def choice_problem(provider: str, model: str) -> str | None:
    """Why nobody could use this judge, with the remedy; None where a key or address may do."""
    known = PROVIDERS.get(provider)
    if known is None:
        names = ", ".join(sorted(PROVIDERS))
        return f"unknown provider {provider!r}. Use one of: {names}"
    if not model:
        return f"no model named for provider {provider}. Add one: provider:model"
    return model_problem(provider, model, timezone.now().date())


def environment_problem(provider: str) -> str | None:
    """What a known provider lacks in this process's environment; None if nothing."""
    known = PROVIDERS[provider]
    if known.key_variable and not os.environ.get(known.key_variable):
        return f"provider {provider} needs a key. Set {known.key_variable} in the environment"
    if known.key_variable and (problem := key_problem(known.key_variable)):
        return problem
    if known.address_variable and (problem := address_problem(known.address_variable)):
        return f"provider {provider}: {problem}"
    if known.base_url_variable and (problem := base_url_problem(known.base_url_variable)):
        return f"provider {provider}: {problem}"
    return None


# The vendors' libraries take seconds to load, and most commands and processes call nobody: an
# adapter is imported when it is first asked for.
def _mock() -> Provider:
    from llmprovider.providers.mock import MockProvider

    return MockProvider()


def _anthropic() -> Provider:
    from llmprovider.providers.anthropic_messages import AnthropicMessages

    return AnthropicMessages()


def _openai() -> Provider:
    from llmprovider.providers.openai_responses import OpenAIResponses

    return OpenAIResponses()


def _openai_compatible() -> Provider:
    from llmprovider.providers.openai_compatible import OpenAICompatible

    return OpenAICompatible()


_ADAPTERS: dict[str, Callable[[], Provider]] = {
    MOCK: _mock,
    "anthropic": _anthropic,
    "openai": _openai,
    "openai_compatible": _openai_compatible,
}


def provider_for(name: str) -> Provider:
    """The adapter of a known provider, ready to call. Raises KeyError for one that `judge_problem`
    refuses, and ProviderError where this process has no key or address for it."""
    return _ADAPTERS[name]()


def load_vendors() -> None:
    """Load the library of each vendor that this process has what it needs for."""
    for name in PROVIDERS:
        if not is_mock(name) and environment_problem(name) is None:
            provider_for(name)


def _mock_batches(requests_of: RequestsOf) -> BatchProvider:
    from llmprovider.providers.batches.mock_batches import MockBatches

    return MockBatches(requests_of)


def _anthropic_batches(requests_of: RequestsOf) -> BatchProvider:
    from llmprovider.providers.batches.anthropic_batches import AnthropicBatches

    return AnthropicBatches()


def _openai_batches(requests_of: RequestsOf) -> BatchProvider:
    from llmprovider.providers.batches.openai_batches import OpenAIBatches

    return OpenAIBatches()


_BATCH_ADAPTERS: dict[str, Callable[[RequestsOf], BatchProvider]] = {
    MOCK: _mock_batches,
    "anthropic": _anthropic_batches,
    "openai": _openai_batches,
}


def has_batches(name: str) -> bool:
    """Whether the provider takes jobs of many requests."""
    return name in _BATCH_ADAPTERS


def batch_problem(provider: str, model: str) -> str | None:
    """Why a model that can judge cannot do so in a batch job; None if it can."""
    if not has_batches(provider):
        return f"{provider} has no batch jobs here"
    known = known_model(provider, model)
    if known is not None and not known.batch:
        return f"{provider} does not serve {model} in batch jobs"
    return None


def batch_provider_for(name: str, requests_of: RequestsOf) -> BatchProvider:
    """The batch adapter of a provider that `has_batches`. Raises KeyError for any other.

    `requests_of` gives the requests of the job with a marker, for a provider that keeps none.
    """
    return _BATCH_ADAPTERS[name](requests_of)
