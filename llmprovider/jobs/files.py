"""A job's file: written line by line, so that its size does not matter."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from llmprovider.jobs.requests import JobRequest, requests_of
from llmprovider.models import BatchJob, ProviderCall
from llmprovider.providers.batches.base import BatchProvider

# Rows changed at a time.
CHUNK = 500


@dataclass(frozen=True)
class Written:
    """A job's requests on disk."""

    path: Path
    requests: int
    size: int
    sha256: str


@contextmanager
def written(job: BatchJob, vendor: BatchProvider) -> Iterator[Written]:
    """The job's file, readable by this user only, and gone afterwards: essays are in it."""
    digest, requests, size = hashlib.sha256(), 0, 0
    known: list[JobRequest] = []
    with tempfile.NamedTemporaryFile(prefix="cj-job-", suffix=".jsonl") as file:
        for one in requests_of(job.pk):
            line = vendor.line(one.custom_id, one.request)
            file.write(line)
            digest.update(line)
            size += len(line)
            requests += 1
            known.append(one)
            if len(known) == CHUNK:
                _remember(known)
                known = []
        _remember(known)
        file.flush()
        yield Written(Path(file.name), requests, size, digest.hexdigest())


def _remember(requests: list[JobRequest]) -> None:
    """Note on each call what it asks."""
    calls = [ProviderCall(pk=one.call, prompt_sha256=one.prompt_sha256) for one in requests]
    ProviderCall.objects.bulk_update(calls, ["prompt_sha256"], batch_size=CHUNK)
