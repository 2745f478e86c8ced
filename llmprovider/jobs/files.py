"""A job's file: written line by line, so that its size does not matter."""

import hashlib
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection
from django.utils import timezone

from llmprovider.jobs.intervals import HOLD
from llmprovider.jobs.requests import JobRequest, requests_of
from llmprovider.models import BatchJob, ProviderCall
from llmprovider.providers.batches.base import BatchProvider

# Rows changed at a time.
CHUNK: Final = 500

# No file is needed for so long; who wrote it has died.
_LEFT_OVER: Final = timedelta(hours=12)


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
    remove_left_over(_LEFT_OVER)
    with tempfile.NamedTemporaryFile(dir=_folder(), prefix=f"{job.pk}-", suffix=".jsonl") as file:
        for one in requests_of(job.pk):
            line = vendor.line(one.custom_id, one.request)
            file.write(line)
            digest.update(line)
            size += len(line)
            requests += 1
            known.append(one)
            if len(known) == CHUNK:
                _remember(known)
                _hold_on(job)
                known = []
        _remember(known)
        file.flush()
        yield Written(Path(file.name), requests, size, digest.hexdigest())


def _folder() -> Path:
    # One for each database: whoever is alone on one of them must not clear away another's files.
    database = Path(str(connection.settings_dict["NAME"])).name
    folder = Path(settings.DATA_DIR) / "job-files" / database
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def remove_left_over(age: timedelta) -> None:
    """Delete files so old, of processes that died before they could."""
    oldest = time.time() - age.total_seconds()
    for path in _folder().glob("*.jsonl"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime <= oldest:
                path.unlink()


def _hold_on(job: BatchJob) -> None:
    until = timezone.now() + HOLD
    BatchJob.objects.filter(pk=job.pk, status=job.status).update(next_check_at=until)


def _remember(requests: list[JobRequest]) -> None:
    """Note on each call what it asks."""
    calls = [ProviderCall(pk=one.call, prompt_sha256=one.prompt_sha256) for one in requests]
    ProviderCall.objects.bulk_update(calls, ["prompt_sha256"], batch_size=CHUNK)
