"""Who can judge, where, and what stands against it, for the app that asks: see `queue`."""

from typing import Any

from llmprovider.conf import BatchApiMode, get_settings
from llmprovider.contracts.comparisons import BatchFill
from llmprovider.providers.mock_judges import define_mock_judge, has_mock_judge
from llmprovider.providers.registry import (
    PROVIDERS,
    JudgeAddress,
    address_of,
    batch_problem,
    choice_problem,
    environment_problem,
    is_mock,
    judge_problem,
)

__all__ = [
    "JudgeAddress",
    "address_of",
    "batch_fill",
    "batch_problem",
    "choice_problem",
    "default_model",
    "define_mock_judge",
    "environment_problem",
    "has_mock_judge",
    "is_mock",
    "judge_problem",
    "makes_jobs",
    "providers",
    "settings_in_force",
]


def providers() -> list[str]:
    """Names of the providers that may judge."""
    return sorted(PROVIDERS)


def default_model(provider: str) -> str:
    """The model meant when only the provider is named; empty where there is none."""
    known = PROVIDERS.get(provider)
    return known.default_model if known else ""


def batch_fill(asked: BatchFill | None) -> BatchFill:
    """What each request of a batch job will hold: as asked, else by this service's settings."""
    return asked if asked is not None else get_settings().BATCH_API_FILL


def makes_jobs() -> bool:
    """Whether comparisons in batch_api mode become batch jobs; else the live queue judges them."""
    return get_settings().BATCH_API_MODE is not BatchApiMode.DISABLED


def settings_in_force() -> dict[str, Any]:
    """This service's settings, for the record of a run; none of them is a secret."""
    return get_settings().model_dump(mode="json")
