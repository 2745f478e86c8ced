"""Anthropic's Message Batches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import anthropic
import httpx2

from llmprovider.providers.anthropic_messages import payload, response_of
from llmprovider.providers.anthropic_sdk import ANTHROPIC, anthropic_client
from llmprovider.providers.base import ProviderError, ProviderRequest, ProviderResponse
from llmprovider.providers.batches.base import (
    JobFile,
    JobLimits,
    JobResult,
    JobState,
    VendorJob,
    job_line,
)
from llmprovider.providers.batches.job_calls import (
    CLOCK_SLACK,
    LOOK_SECONDS,
    MODEL_OF_JOB,
    ask,
    cancelled,
    expired,
    json_lines,
    whole,
)
from llmprovider.providers.calls import identifier
from llmprovider.providers.sdk_errors import of_status, unreadable

_PAGE: Final = 100
_OPENING, _CLOSING = b'{"requests":[', b"]}"
_PATH: Final = "/v1/messages/batches"

# A line names its error by type only; the status is the one a call would have had.
_STATUS_OF_TYPE: Final = MappingProxyType(
    {
        "invalid_request_error": 400,
        "authentication_error": 401,
        "billing_error": 402,
        "permission_error": 403,
        "not_found_error": 404,
        "request_too_large": 413,
        "rate_limit_error": 429,
        "api_error": 500,
        "timeout_error": 504,
        "overloaded_error": 529,
    }
)
_COUNTS: Final = MappingProxyType(
    {
        "processing": "processing",
        "succeeded": "succeeded",
        "errored": "errored",
        "canceled": "cancelled",
        "expired": "expired",
    }
)


@dataclass(frozen=True)
class _Raw:
    http_response: httpx2.Response


def _body(path: Path) -> Iterator[bytes]:
    """The lines of the file as one JSON object, in as many bytes as `create` states."""
    yield _OPENING
    with path.open("rb") as lines:
        for at, line in enumerate(lines):
            yield (b"," if at else b"") + line.rstrip(b"\n")
    yield _CLOSING


class AnthropicBatches:
    """Jobs are sent whole, and keep no name of ours: they are found by their time and size."""

    limits = JobLimits(requests=100_000, input_bytes=256_000_000)

    def line(self, custom_id: str, request: ProviderRequest) -> bytes:
        return job_line({"custom_id": custom_id, "params": payload(request)})

    def upload(self, job: JobFile) -> str:
        return ""

    def create(self, job: JobFile) -> VendorJob:
        size = job.path.stat().st_size - 1 + len(_OPENING) + len(_CLOSING)

        def post() -> _Raw:
            # Not `batches.create`: it would hold all requests at once, as objects and as text.
            response = anthropic_client().post(
                _PATH,
                cast_to=httpx2.Response,
                content=_body(job.path),
                options={"headers": {"content-length": str(size)}},
            )
            return _Raw(response)

        return _job_of(ask(post, ANTHROPIC, job.model))

    def find(self, job: JobFile, since: datetime, known: Sequence[str]) -> list[VendorJob]:
        taken = set(known)
        return [
            found
            for found in _newest(since - CLOCK_SLACK)
            if found.requests == job.requests and found.vendor_id not in taken
        ]

    def check(self, vendor_id: str) -> VendorJob:
        retrieve = _looking().messages.batches.with_raw_response.retrieve
        return _job_of(ask(lambda: retrieve(vendor_id), ANTHROPIC))

    def collect(self, job: VendorJob) -> Iterator[JobResult]:
        results = anthropic_client().messages.batches.with_streaming_response.results
        for line in json_lines(lambda: results(job.vendor_id), ANTHROPIC):
            custom_id, result = line.get("custom_id"), line.get("result")
            if isinstance(custom_id, str) and isinstance(result, Mapping):
                yield JobResult(custom_id, _outcome(result))

    def cancel(self, vendor_id: str) -> None:
        cancel = _looking().messages.batches.with_raw_response.cancel
        try:
            ask(lambda: cancel(vendor_id), ANTHROPIC)
        except ProviderError:
            # A job that has ended cannot be cancelled, and need not be.
            if self.check(vendor_id).state is JobState.RUNNING:
                raise


def _looking() -> anthropic.Anthropic:
    return anthropic_client().with_options(timeout=LOOK_SECONDS)


def _newest(since: datetime) -> Iterator[VendorJob]:
    """Jobs from the newest down to those created at `since`."""
    listed = _looking().messages.batches.with_raw_response.list
    after: Any = anthropic.omit
    while True:
        page = ask(partial(listed, limit=_PAGE, after_id=after), ANTHROPIC)
        entries = page.get("data") or []
        for entry in entries:
            job = _job_of(entry)
            if job.created_at < since:
                return
            yield job
        after = page.get("last_id")
        if not (entries and after and page.get("has_more")):
            return


def _job_of(body: Mapping[str, Any]) -> VendorJob:
    try:
        counts = body.get("request_counts") or {}
        status = identifier(body["processing_status"])
        return VendorJob(
            vendor_id=identifier(body["id"]),
            state=JobState.ENDED if status == "ended" else JobState.RUNNING,
            vendor_status=status,
            created_at=datetime.fromisoformat(body["created_at"]),
            requests=sum(whole(counts.get(name)) for name in _COUNTS) or None,
            counts={ours: whole(counts.get(name)) for name, ours in _COUNTS.items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    raise unreadable(ANTHROPIC)


def _outcome(result: Mapping[str, Any]) -> ProviderResponse | ProviderError:
    kind = result.get("type")
    if kind == "succeeded" and isinstance(result.get("message"), Mapping):
        try:
            return response_of(result["message"])
        except ProviderError as error:
            return error
    if kind == "errored":
        return _error(result.get("error"))
    if kind == "expired":
        return expired(ANTHROPIC)
    if kind == "canceled":
        return cancelled(ANTHROPIC)
    return unreadable(ANTHROPIC)


def _error(body: object) -> ProviderError:
    """An error as a call would have had it. Of a type unknown it is the vendor's own."""
    outer = body if isinstance(body, Mapping) else {}
    inner = outer.get("error")
    error = inner if isinstance(inner, Mapping) else {}
    return of_status(
        _STATUS_OF_TYPE.get(str(error.get("type")), 500),
        {},
        error,
        ANTHROPIC,
        MODEL_OF_JOB,
        request_id=identifier(outer.get("request_id") or ""),
    )
