"""What the clients of all SDKs have in common: keys, time-outs, and no prompt in a log.

Retries of the SDKs are off, since the queue owns them. Keys come from the environment, go into the
clients, and nowhere else.
"""

import logging
import os
from collections.abc import Callable
from typing import Any, TypeVar

import httpx2

from llmprovider.conf import get_settings
from llmprovider.contracts import ErrorType
from llmprovider.providers.base import ProviderError
from llmprovider.providers.deadlines import bound_answer
from llmprovider.providers.environments import key_problem

CONNECT_SECONDS = 10.0

Client = TypeVar("Client")


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


def made_by(
    make: Callable[..., Client],
    transport: Callable[..., Any],
    sdk: str,
    key: str,
    base_url: str | None,
    seconds: float,
) -> Client:
    """A client of one attempt per call, whose answers come within `seconds` or not at all.

    `make` and `transport` are the SDK's own, and `sdk` is its name, as its loggers have it.
    """
    _keep_prompts_out_of_logs(sdk)
    return make(
        api_key=key,
        base_url=base_url,
        max_retries=0,
        timeout=_timeout(seconds),
        http_client=transport(event_hooks={"response": [bound_answer]}),
    )


def _timeout(seconds: float) -> httpx2.Timeout:
    return httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))


def _keep_prompts_out_of_logs(sdk: str) -> None:
    """At level DEBUG both SDKs log whole requests; ANTHROPIC_LOG and OPENAI_LOG must not."""
    for name in (sdk, f"{sdk}._base_client", f"{sdk}._response"):
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.INFO))
