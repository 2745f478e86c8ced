"""OpenAI's SDK, also for servers that speak its interface: one client per process and
configuration, and what its exceptions mean."""

import os
from functools import lru_cache
from typing import Final

import openai

from llmprovider.providers.clients import call_seconds, made_by, refuse, usable_key
from llmprovider.providers.environments import address_problem, base_url_problem
from llmprovider.providers.limit_headers import openai_limits
from llmprovider.providers.sdk_errors import SdkErrors, Vendor

_ERRORS: Final = SdkErrors(
    any=openai.OpenAIError,
    timeout=openai.APITimeoutError,
    connection=openai.APIConnectionError,
    status=openai.APIStatusError,
    not_found=openai.NotFoundError,
)
OPENAI: Final = Vendor("openai", "OPENAI_API_KEY", openai_limits, _ERRORS)
COMPATIBLE: Final = Vendor("openai_compatible", "OPENAI_COMPATIBLE_API_KEY", openai_limits, _ERRORS)

# What a server without keys is sent: the SDK insists on having something to send.
NO_KEY: Final = "no-key-needed"


def openai_client() -> openai.OpenAI:
    """Honours OPENAI_BASE_URL. Raises ProviderError without a usable key or address."""
    refuse(base_url_problem("OPENAI_BASE_URL"))
    return _made(usable_key("OPENAI_API_KEY"), os.environ.get("OPENAI_BASE_URL"), call_seconds())


def compatible_client() -> openai.OpenAI:
    """For the server at OPENAI_COMPATIBLE_BASE_URL. Raises ProviderError without that address."""
    refuse(address_problem("OPENAI_COMPATIBLE_BASE_URL"))
    key = NO_KEY
    if os.environ.get("OPENAI_COMPATIBLE_API_KEY"):
        key = usable_key("OPENAI_COMPATIBLE_API_KEY")
    return _made(key, os.environ["OPENAI_COMPATIBLE_BASE_URL"], call_seconds())


@lru_cache(maxsize=4)
def _made(key: str, base_url: str | None, seconds: float) -> openai.OpenAI:
    return made_by(openai.OpenAI, openai.DefaultHttpxClient, "openai", key, base_url, seconds)


# A connection shared by two processes mixes up their answers: a forked worker makes its own.
os.register_at_fork(after_in_child=_made.cache_clear)
