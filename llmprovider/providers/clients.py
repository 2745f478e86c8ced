"""The SDKs' clients: one per process and configuration, made when first needed.

Retries of the SDKs are off, since the queue owns them. Keys come from the environment, go into the
clients, and nowhere else.
"""

import logging
import os
from functools import lru_cache

import anthropic
import httpx2
import openai

from llmprovider.conf import get_settings
from llmprovider.contracts import ErrorType
from llmprovider.providers.base import ProviderError
from llmprovider.providers.deadlines import bound_answer
from llmprovider.providers.environments import address_problem, base_url_problem, key_problem

CONNECT_SECONDS = 10.0

# What a server without keys is sent: the SDK insists on having something to send.
NO_KEY = "no-key-needed"

_HOOKS = {"response": [bound_answer]}


def anthropic_client() -> anthropic.Anthropic:
    """Honours ANTHROPIC_BASE_URL. Raises ProviderError without a usable key or address."""
    _refuse(base_url_problem("ANTHROPIC_BASE_URL"))
    return _anthropic(
        usable_key("ANTHROPIC_API_KEY"),
        os.environ.get("ANTHROPIC_BASE_URL"),
        call_seconds(),
    )


def openai_client() -> openai.OpenAI:
    """Honours OPENAI_BASE_URL. Raises ProviderError without a usable key or address."""
    _refuse(base_url_problem("OPENAI_BASE_URL"))
    return _openai(
        usable_key("OPENAI_API_KEY"),
        os.environ.get("OPENAI_BASE_URL"),
        call_seconds(),
    )


def compatible_client() -> openai.OpenAI:
    """For the server at OPENAI_COMPATIBLE_BASE_URL. Raises ProviderError without that address."""
    _refuse(address_problem("OPENAI_COMPATIBLE_BASE_URL"))
    key = NO_KEY
    if os.environ.get("OPENAI_COMPATIBLE_API_KEY"):
        key = usable_key("OPENAI_COMPATIBLE_API_KEY")
    return _openai(key, os.environ["OPENAI_COMPATIBLE_BASE_URL"], call_seconds())


def _refuse(problem: str | None) -> None:
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


@lru_cache(maxsize=4)
def _anthropic(key: str, base_url: str | None, timeout: float) -> anthropic.Anthropic:
    _keep_prompts_out_of_logs()
    return anthropic.Anthropic(
        api_key=key,
        base_url=base_url,
        max_retries=0,
        timeout=_timeout(timeout),
        http_client=anthropic.DefaultHttpxClient(event_hooks=_HOOKS),
    )


@lru_cache(maxsize=4)
def _openai(key: str, base_url: str | None, timeout: float) -> openai.OpenAI:
    _keep_prompts_out_of_logs()
    return openai.OpenAI(
        api_key=key,
        base_url=base_url,
        max_retries=0,
        timeout=_timeout(timeout),
        http_client=openai.DefaultHttpxClient(event_hooks=_HOOKS),
    )


def _timeout(seconds: float) -> httpx2.Timeout:
    return httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))


def _keep_prompts_out_of_logs() -> None:
    """At level DEBUG both SDKs log whole requests; ANTHROPIC_LOG and OPENAI_LOG must not."""
    for sdk in ("anthropic", "openai"):
        for name in (sdk, f"{sdk}._base_client", f"{sdk}._response"):
            logger = logging.getLogger(name)
            logger.setLevel(max(logger.level, logging.INFO))


# A connection shared by two processes mixes up their answers: a forked worker makes its own.
os.register_at_fork(after_in_child=_anthropic.cache_clear)
os.register_at_fork(after_in_child=_openai.cache_clear)
