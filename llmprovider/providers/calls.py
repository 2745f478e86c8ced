"""One call through an SDK: its response as it came, or a ProviderError and nothing of the SDK's."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import httpx2

from llmprovider.providers.sdk_errors import SDK_ERRORS, Vendor, provider_error, unreadable


class RawResponse(Protocol):
    """What both SDKs' `with_raw_response` give."""

    @property
    def http_response(self) -> httpx2.Response: ...


def send(call: Callable[[], RawResponse], vendor: Vendor, model: str) -> httpx2.Response:
    """The HTTP response of a call that succeeded. Raises ProviderError."""
    try:
        return call().http_response
    except (*SDK_ERRORS, httpx2.HTTPError) as error:
        failure = provider_error(error, vendor, model)
    # Outside the handler, so that no traceback leads back to the request and its key.
    raise failure


def body_of(response: httpx2.Response, vendor: Vendor) -> Mapping[str, Any]:
    """The JSON object of a response. Raises ProviderError (`invalid_response`)."""
    try:
        body = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        body = None
    if isinstance(body, Mapping):
        return body
    # Outside the handler here too: its exception holds the whole text of the response.
    raise unreadable(vendor)


def identifier(value: object) -> str:
    """A vendor's name for something, at a length that fits its column."""
    return str(value)[:120]
