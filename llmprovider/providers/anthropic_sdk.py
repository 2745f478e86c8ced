"""Anthropic's SDK: one client per process and configuration, and what its exceptions mean."""

import os
from functools import lru_cache
from typing import Final

import anthropic

from llmprovider.providers.clients import call_seconds, made_by, refuse, usable_key
from llmprovider.providers.environments import base_url_problem
from llmprovider.providers.limit_headers import anthropic_limits
from llmprovider.providers.sdk_errors import SdkErrors, Vendor

ANTHROPIC: Final = Vendor(
    "anthropic",
    "ANTHROPIC_API_KEY",
    anthropic_limits,
    SdkErrors(
        any=anthropic.AnthropicError,
        timeout=anthropic.APITimeoutError,
        connection=anthropic.APIConnectionError,
        status=anthropic.APIStatusError,
        not_found=anthropic.NotFoundError,
    ),
)


def anthropic_client() -> anthropic.Anthropic:
    """Honours ANTHROPIC_BASE_URL. Raises ProviderError without a usable key or address."""
    refuse(base_url_problem("ANTHROPIC_BASE_URL"))
    return _made(
        usable_key("ANTHROPIC_API_KEY"), os.environ.get("ANTHROPIC_BASE_URL"), call_seconds()
    )


@lru_cache(maxsize=4)
def _made(key: str, base_url: str | None, seconds: float) -> anthropic.Anthropic:
    return made_by(
        anthropic.Anthropic, anthropic.DefaultHttpxClient, "anthropic", key, base_url, seconds
    )


# A connection shared by two processes mixes up their answers: a forked worker makes its own.
os.register_at_fork(after_in_child=_made.cache_clear)
