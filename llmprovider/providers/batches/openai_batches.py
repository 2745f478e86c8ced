"""OpenAI's Batch API, on the responses endpoint."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import openai

from llmprovider.contracts import ErrorType
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
from llmprovider.providers.openai_responses import payload, response_of
from llmprovider.providers.openai_sdk import OPENAI, openai_client
from llmprovider.providers.sdk_errors import of_status, unreadable

_ENDPOINT: Final = "/v1/responses"
_PAGE: Final = 100

# Essays are not left with the vendor for longer than collecting them can take.
_KEPT_SECONDS: Final = 7 * 24 * 3600

# A job can be stated as ended some time before its files are there; by then they never will be.
_FILES_LATE: Final = timedelta(hours=1)

_ENDED: Final = frozenset({"completed", "expired", "cancelled"})

# Codes for which a job as a whole is refused, with the status a call would have had.
_STATUS_OF_CODE: Final = MappingProxyType(
    {
        "token_limit_exceeded": 429,
        "rate_limit_exceeded": 429,
        "insufficient_quota": 429,
        "billing_hard_limit_reached": 400,
        "billing_not_active": 400,
        "model_not_found": 404,
        "server_error": 500,
        "internal_error": 500,
    }
)
_INPUT_CODES: Final = frozenset(
    {
        "duplicate_custom_id",
        "empty_file",
        "file_too_large",
        "invalid_custom_id",
        "invalid_json_line",
        "invalid_method",
        "invalid_url",
        "missing_required_parameter",
        "mismatched_model",
        "model_mismatch",
        "too_many_tasks",
        "url_mismatch",
    }
)


class OpenAIBatches:
    """Jobs name an uploaded file, and keep our name for them in their metadata."""

    limits = JobLimits(requests=50_000, input_bytes=200_000_000)

    def line(self, custom_id: str, request: ProviderRequest) -> bytes:
        return job_line(
            {"custom_id": custom_id, "method": "POST", "url": _ENDPOINT, "body": payload(request)}
        )

    def upload(self, job: JobFile) -> str:
        create = openai_client().files.with_raw_response.create
        with job.path.open("rb") as content:
            body = ask(
                lambda: create(
                    file=(f"{job.marker}.jsonl", content, "application/jsonl"),
                    purpose="batch",
                    expires_after={"anchor": "created_at", "seconds": _KEPT_SECONDS},
                ),
                OPENAI,
            )
        if file_id := _file_id(body, "id"):
            return file_id
        raise unreadable(OPENAI)

    def create(self, job: JobFile) -> VendorJob:
        create = openai_client().batches.with_raw_response.create
        body = ask(
            lambda: create(
                completion_window="24h",
                endpoint=_ENDPOINT,
                input_file_id=job.input_file_id,
                metadata={"job": job.marker},
                output_expires_after={"anchor": "created_at", "seconds": _KEPT_SECONDS},
            ),
            OPENAI,
            job.model,
        )
        return _job_of(body)

    def find(self, job: JobFile, since: datetime, known: Sequence[str]) -> list[VendorJob]:
        return [found for found in _newest(since - CLOCK_SLACK) if found.marker == job.marker]

    def check(self, vendor_id: str) -> VendorJob:
        retrieve = _looking().batches.with_raw_response.retrieve
        return _job_of(ask(lambda: retrieve(vendor_id), OPENAI))

    def collect(self, job: VendorJob) -> Iterator[JobResult]:
        """From both files: what gave no answer is in the second."""
        content = openai_client().files.with_streaming_response.content
        for file_id in (job.output_file_id, job.error_file_id):
            if not file_id:
                continue
            for line in json_lines(partial(content, file_id), OPENAI):
                if isinstance(custom_id := line.get("custom_id"), str):
                    yield JobResult(custom_id, _outcome(line))

    def cancel(self, vendor_id: str) -> None:
        cancel = _looking().batches.with_raw_response.cancel
        try:
            ask(lambda: cancel(vendor_id), OPENAI)
        except ProviderError:
            # A job that has ended cannot be cancelled, and need not be.
            if self.check(vendor_id).state is JobState.RUNNING:
                raise


def _looking() -> openai.OpenAI:
    return openai_client().with_options(timeout=LOOK_SECONDS)


def _newest(since: datetime) -> Iterator[VendorJob]:
    """Jobs from the newest down to those created at `since`."""
    listed = _looking().batches.with_raw_response.list
    after: Any = openai.omit
    while True:
        page = ask(partial(listed, limit=_PAGE, after=after), OPENAI)
        entries = page.get("data") or []
        for entry in entries:
            job = _job_of(entry)
            if job.created_at < since:
                return
            yield job
        if not (entries and page.get("has_more")):
            return
        after = entries[-1]["id"]


def _job_of(body: Mapping[str, Any]) -> VendorJob:
    try:
        status = identifier(body["status"])
        counts = body.get("request_counts") or {}
        output, errors = _file_id(body, "output_file_id"), _file_id(body, "error_file_id")
        failure = _failure_of(body) if status == "failed" else None
        return VendorJob(
            vendor_id=identifier(body["id"]),
            state=_state(body, status, counts, output, errors),
            vendor_status=status,
            created_at=datetime.fromtimestamp(body["created_at"], UTC),
            requests=whole(counts.get("total")) or None,
            counts={
                "succeeded": whole(counts.get("completed")),
                "errored": whole(counts.get("failed")),
            }
            if counts
            else {},
            output_file_id=output,
            error_file_id=errors,
            marker=identifier((body.get("metadata") or {}).get("job") or ""),
            error_type=failure.error_type if failure else None,
            error_message=failure.message if failure else "",
        )
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        pass
    raise unreadable(OPENAI)


def _file_id(body: Mapping[str, Any], name: str) -> str:
    """The name of a file; both null and "" mean that there is none."""
    value = body.get(name)
    return value[:120] if isinstance(value, str) else ""


def _state(
    body: Mapping[str, Any], status: str, counts: Mapping[str, Any], output: str, errors: str
) -> JobState:
    if status == "failed":
        return JobState.ENDED if output or errors else JobState.FAILED
    if status not in _ENDED:
        return JobState.RUNNING
    late = (
        bool(whole(counts.get("completed")) and not output)
        or bool(whole(counts.get("failed")) and not errors)
        if counts
        else not (output or errors)
    )
    ended_at = body.get(f"{status}_at")
    if late and isinstance(ended_at, int):
        waited = datetime.now(UTC) - datetime.fromtimestamp(ended_at, UTC)
        return JobState.RUNNING if waited < _FILES_LATE else JobState.ENDED
    return JobState.ENDED


def _failure_of(body: Mapping[str, Any]) -> ProviderError:
    """Why the job as a whole was refused, in words of our own."""
    data = (body.get("errors") or {}).get("data") or [{}]
    first = data[0] if isinstance(data[0], Mapping) else {}
    code, line = str(first.get("code")), whole(first.get("line"))
    if code in _INPUT_CODES:
        where = f" in line {line} of its file" if line else ""
        return ProviderError(ErrorType.INVALID_REQUEST, f"openai refused the job: {code}{where}")
    return of_status(_STATUS_OF_CODE.get(code, 400), {}, first, OPENAI, MODEL_OF_JOB)


def _outcome(line: Mapping[str, Any]) -> ProviderResponse | ProviderError:
    response = line.get("response")
    if not isinstance(response, Mapping):
        return _unanswered(line.get("error"))
    body = response.get("body")
    status = response.get("status_code")
    request_id = identifier(response.get("request_id") or "")
    if status == 200 and isinstance(body, Mapping):
        try:
            return response_of(body, request_id)
        except ProviderError as failed:
            return failed
    if not isinstance(status, int) or status < 400:
        return unreadable(OPENAI, request_id)
    inner = body.get("error") if isinstance(body, Mapping) else None
    error = inner if isinstance(inner, Mapping) else {}
    return of_status(status, {}, error, OPENAI, MODEL_OF_JOB, request_id=request_id)


def _unanswered(error: object) -> ProviderError:
    code = str(error.get("code")) if isinstance(error, Mapping) else ""
    if code == "batch_expired":
        return expired(OPENAI)
    if code in ("batch_cancelled", "batch_canceled"):
        return cancelled(OPENAI)
    known = error if isinstance(error, Mapping) else {}
    return of_status(_STATUS_OF_CODE.get(code, 500), {}, known, OPENAI, MODEL_OF_JOB)
