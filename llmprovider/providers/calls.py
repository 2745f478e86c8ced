"""One call through an SDK: its response as it came, or a ProviderError and nothing of the SDK's."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import httpx2

from llmprovider.contracts.faults import fault_of
from llmprovider.contracts.log_events import tell
from llmprovider.providers.base import ProviderError, ProviderResponse, VendorLimit
from llmprovider.providers.clients import call_seconds
from llmprovider.providers.deadlines import answered_within
from llmprovider.providers.sdk_errors import Vendor, provider_error, unreadable

log = logging.getLogger(__name__)


class RawResponse(Protocol):
    """What both SDKs' `with_raw_response` give."""

    @property
    def http_response(self) -> httpx2.Response: ...


def send(call: Callable[[], RawResponse], vendor: Vendor, model: str) -> httpx2.Response:
    """The HTTP response of a call that succeeded. Raises ProviderError."""
    try:
        with answered_within(call_seconds()):
            return call().http_response
    except (vendor.errors.any, httpx2.HTTPError, httpx2.InvalidURL) as error:
        failure = provider_error(error, vendor, model)
    # Outside the handler, so that no traceback leads back to the request and its key.
    raise failure


def body_of(response: httpx2.Response, vendor: Vendor) -> Mapping[str, Any]:
    """The JSON object of a response. Raises ProviderError (`invalid_response`)."""
    try:
        body = response.json()
    except (ValueError, RecursionError):  # no JSON, or JSON with more digits or depth than we read
        body = None
    if isinstance(body, Mapping):
        return body
    # Outside the handler here too: its exception holds the whole text of the response.
    raise unreadable(vendor)


def answer_of(
    response: httpx2.Response,
    vendor: Vendor,
    request_id: str,
    read: Callable[[Mapping[str, Any], str, tuple[VendorLimit, ...]], ProviderResponse],
) -> ProviderResponse:
    """What `read` makes of a response's body, the request's id and the limits in the headers.

    Raises ProviderError, whatever is wrong with the response: it is paid for, so it must never
    look as if nobody had answered.
    """
    error: ProviderError | None = None
    try:
        return read(body_of(response, vendor), request_id, vendor.limits(response.headers))
    except ProviderError as known:
        error = known
    except Exception as fault:  # a gap in our reading; outside, as it may hold the answer
        tell(log, logging.ERROR, "answer_not_read", provider=vendor.name, fault=fault_of(fault))
    raise error or unreadable(vendor, request_id)


def identifier(value: object) -> str:
    """A vendor's name for something, in characters and at a length that its column takes."""
    return "".join(char for char in str(value)[:120] if char.isprintable())
