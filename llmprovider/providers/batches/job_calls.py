"""Calls to a batch API: one attempt each, and results files read line by line."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, Final, Protocol

import httpx2

from llmprovider.contracts import ErrorType
from llmprovider.providers.base import ProviderError
from llmprovider.providers.calls import RawResponse, body_of
from llmprovider.providers.sdk_errors import Vendor, provider_error

# Looking at a job or ending it is quick, whatever its size; sending one or its results is not.
LOOK_SECONDS: Final = 60.0

# Our clock and the vendor's need not agree.
CLOCK_SLACK: Final = timedelta(minutes=10)

# How messages about one request of a job name its model: results do not.
MODEL_OF_JOB: Final = "as this job names"

_HTTP_ERRORS: Final = (httpx2.HTTPError, httpx2.StreamError)


class StreamedResponse(Protocol):
    """What both SDKs' `with_streaming_response` give."""

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]: ...


def ask(call: Callable[[], RawResponse], vendor: Vendor, model: str = "") -> Mapping[str, Any]:
    """The JSON object that a batch endpoint answers. Raises ProviderError."""
    try:
        return body_of(call().http_response, vendor)
    except (vendor.errors.any, *_HTTP_ERRORS) as error:
        failure = _failure(error, vendor, model)
    # Outside the handler, so that no traceback leads back to the request and its key.
    raise failure


def json_lines(
    opened: Callable[[], AbstractContextManager[StreamedResponse]], vendor: Vendor
) -> Iterator[Mapping[str, Any]]:
    """The objects of a results file, one at a time. A line that is no JSON object is left out.

    Raises ProviderError, also in the middle: what was given before holds.
    """
    failure = None
    try:
        with opened() as response:
            for line in lines_of(response.iter_bytes()):
                if (entry := _object(line)) is not None:
                    yield entry
    except (vendor.errors.any, *_HTTP_ERRORS) as error:
        failure = _failure(error, vendor, "")
    if failure is not None:
        raise failure


def lines_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines by their newlines alone: the SDKs' text readers also split at those inside a text."""
    rest: list[bytes] = []
    for piece in pieces:
        head, *tail = piece.split(b"\n")
        rest.append(head)
        for line in tail:
            yield b"".join(rest)
            rest = [line]
    if last := b"".join(rest):
        yield last


def _object(line: bytes) -> Mapping[str, Any] | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, Mapping) else None


def _failure(error: Exception, vendor: Vendor, model: str) -> ProviderError:
    if isinstance(error, vendor.errors.not_found):
        return ProviderError(
            ErrorType.INVALID_REQUEST,
            f"{vendor.name} has no such job or file, or not for the key in {vendor.key_variable}",
        )
    if isinstance(error, httpx2.TimeoutException):
        return ProviderError(ErrorType.TIMEOUT, f"{vendor.name} did not answer in time")
    if isinstance(error, _HTTP_ERRORS):
        return ProviderError(
            ErrorType.CONNECTION, f"no connection to {vendor.name}, or it broke off"
        )
    return provider_error(error, vendor, model)


def whole(value: object) -> int:
    """A count as a vendor states it; 0 for anything else."""
    return value if isinstance(value, int) and value > 0 else 0


def expired(vendor: Vendor) -> ProviderError:
    """A request that the vendor did not come to within the job's time."""
    return ProviderError(
        ErrorType.EXPIRED, f"{vendor.name} did not come to this request within the job's time"
    )


def cancelled(vendor: Vendor) -> ProviderError:
    """A request that the vendor had not come to when the job was cancelled."""
    return ProviderError(
        ErrorType.CANCELLED, f"the job was cancelled before {vendor.name} came to this request"
    )
