"""The seam between a batch job and a provider's batch API: create, find, check, collect, cancel."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from llmprovider.contracts import ErrorType
from llmprovider.providers.base import ProviderError, ProviderRequest, ProviderResponse

# The requests of the job with this marker, by our name for each.
RequestsOf = Callable[[str], Iterable[tuple[str, ProviderRequest]]]


class JobState(StrEnum):
    """Where a job stands at the provider."""

    RUNNING = "running"
    ENDED = "ended"  # what was finished can be collected, however the job ended
    FAILED = "failed"  # the job as a whole was refused; nothing was judged


@dataclass(frozen=True)
class JobLimits:
    """Most that the provider takes in one job."""

    requests: int
    input_bytes: int


@dataclass(frozen=True)
class JobFile:
    """The requests of a job as they were written to disk, one line of JSON each.

    `marker` is our name of the job, for providers that keep one; `input_file_id`: the provider's
    name of a file that an earlier attempt at this job has uploaded already.
    """

    path: Path
    requests: int
    model: str
    marker: str
    input_file_id: str = ""


@dataclass(frozen=True)
class VendorJob:
    """A job as the provider states it. Counts are of requests; empty ids mean there is no file."""

    vendor_id: str
    state: JobState
    vendor_status: str
    created_at: datetime
    requests: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    output_file_id: str = ""
    error_file_id: str = ""
    marker: str = ""
    error_type: ErrorType | None = None
    error_message: str = ""


@dataclass(frozen=True)
class JobResult:
    """What became of one request of a job, by our name for the request."""

    custom_id: str
    outcome: ProviderResponse | ProviderError = field(repr=False)


class BatchProvider(Protocol):
    """A provider's batch API. Every door makes one attempt and raises ProviderError."""

    limits: JobLimits

    def line(self, custom_id: str, request: ProviderRequest) -> bytes:
        """One request as a line of the job's file, newline included."""
        ...

    def upload(self, job: JobFile) -> str:
        """Bring the file to the provider; its id there, or empty where jobs are sent whole."""
        ...

    def create(self, job: JobFile) -> VendorJob:
        """Start the job. A time-out does not tell whether it was started: see `find`."""
        ...

    def find(self, job: JobFile, since: datetime, known: Sequence[str]) -> list[VendorJob]:
        """Jobs at the provider that may be this one: by its marker, or, where none is kept, as

        many requests, created at or after `since`, and not among the vendor ids `known`.
        """
        ...

    def check(self, vendor_id: str) -> VendorJob:
        """Where the job stands now."""
        ...

    def collect(self, job: VendorJob) -> Iterator[JobResult]:
        """The results one by one, in any order, in bounded memory; once the job has ended."""
        ...

    def cancel(self, vendor_id: str) -> None:
        """Ask for the end of the job; what is finished stays to be collected."""
        ...


def job_line(entry: Mapping[str, Any]) -> bytes:
    """One line of a job's file."""
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
