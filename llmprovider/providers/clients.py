"""What the clients of all SDKs have in common: keys, time-outs, and no prompt in a log.

Retries of the SDKs are off, since the queue owns them. Keys come from the environment, go into the
clients, and nowhere else.
"""

import logging
import os
from collections.abc import Callable
from typing import Any, Final

import httpx2

from llmprovider.conf import get_settings
from llmprovider.contracts import ErrorType
from llmprovider.providers.base import ProviderError
from llmprovider.providers.deadlines import bound_answer
from llmprovider.providers.environments import key_problem

CONNECT_SECONDS = 10.0

HOOKS: Final[dict[str, list[Callable[..., Any]]]] = {"response": [bound_answer]}


def refuse(problem: str | None) -> None:
    """Raises ProviderError for what is wrong with an address, if anything."""
    if problem:
        raise ProviderError(ErrorType.INVALID_REQUEST, problem, outage=True, unsent=True)


def usable_key(variable: str) -> str:
    """The key in this environment variable. Raises ProviderError if it cannot be sent."""
    problem = key_problem(variable)
    if problem:
        raise ProviderError(ErrorType.AUTHENTICATION, problem, outage=True, unsent=True)
    return os.environ[variable]


def call_seconds() -> float:
    """Longest wait for a whole answer.

    No call outlives its lease: another worker would make it again, and both be billed.
    """
    settings = get_settings()
    return min(settings.PROVIDER_TIMEOUT_SECONDS, 0.9 * settings.PROCESSING_LEASE_SECONDS)


def timeout_of(seconds: float) -> httpx2.Timeout:
    """For each wait of a call that may take so long in all."""
    return httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))


def keep_prompts_out_of_logs(sdk: str) -> None:
    """At level DEBUG both SDKs log whole requests; ANTHROPIC_LOG and OPENAI_LOG must not."""
    for name in (sdk, f"{sdk}._base_client", f"{sdk}._response"):
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.INFO))
