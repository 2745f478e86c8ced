"""The mock judge's batch API: jobs that are done at once and cost nothing.

It keeps nothing: a job's name is our own for it, and its requests are read again from wherever the
caller has them. So a job survives a restart, and starting it twice is starting it once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from llmprovider.providers.base import ProviderError, ProviderRequest
from llmprovider.providers.batches.base import (
    JobFile,
    JobLimits,
    JobResult,
    JobState,
    RequestsOf,
    VendorJob,
    job_line,
)
from llmprovider.providers.mock import MockProvider

_PREFIX: Final = "mock-"


@dataclass(frozen=True)
class MockBatches:
    requests_of: RequestsOf

    limits = JobLimits(requests=50_000, input_bytes=200_000_000)

    def line(self, custom_id: str, request: ProviderRequest) -> bytes:
        return job_line({"custom_id": custom_id, "system": request.system, "user": request.user})

    def upload(self, job: JobFile) -> str:
        return ""

    def create(self, job: JobFile) -> VendorJob:
        return self.check(_PREFIX + job.marker)

    def find(self, job: JobFile, since: datetime, known: Sequence[str]) -> list[VendorJob]:
        return [self.create(job)]

    def check(self, vendor_id: str) -> VendorJob:
        return VendorJob(
            vendor_id,
            JobState.ENDED,
            "ended",
            datetime.now(UTC),
            marker=vendor_id.removeprefix(_PREFIX),
        )

    def collect(self, job: VendorJob) -> Iterator[JobResult]:
        judge = MockProvider()
        for custom_id, request in self.requests_of(job.marker):
            try:
                yield JobResult(custom_id, judge.call(request))
            except ProviderError as error:
                yield JobResult(custom_id, error)

    def cancel(self, vendor_id: str) -> None:
        """Nothing to end: it has ended."""
