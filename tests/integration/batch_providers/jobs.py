"""Jobs as the queue makes them: requests, written line by line to a file."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from llmprovider.contracts import Instructions
from llmprovider.prompting.prompts import Comparison, build_prompt
from llmprovider.providers.base import ProviderError, ProviderRequest, ProviderResponse
from llmprovider.providers.batches.base import BatchProvider, JobFile, JobState, VendorJob
from llmprovider.providers.registry import batch_provider_for

MODELS = {"anthropic": "claude-sonnet-4-6", "openai": "gpt-4.1", "mock": "latent-quality"}
GOOD = "A text. Although it is short, it makes its point well, and says why it matters to pupils."
POOR = "text. it have no point ,and stop"

_numbers = itertools.count(1)


def adapter(vendor: str) -> BatchProvider:
    return batch_provider_for(vendor, lambda marker: [])


def request(vendor: str, number: int = 0, **changes: Any) -> ProviderRequest:
    first, second = f"{GOOD} It is number {number}.", f"{POOR} {number}"
    prompt = build_prompt(
        [Comparison("a", first, "b", second)],
        Instructions(),
        system_prompt=None,
        nonce="0123456789abcdef",
        seed="s",
    )
    asked = ProviderRequest(
        vendor, MODELS[vendor], prompt.system, prompt.user, prompt.schema, max_tokens=2_000
    )
    return replace(asked, **changes)


def requests(vendor: str, count: int) -> dict[str, ProviderRequest]:
    return {f"request-{at:03d}": request(vendor, at) for at in range(count)}


def job_file(
    folder: Path, vendor: str, asked: dict[str, ProviderRequest], marker: str = ""
) -> JobFile:
    marker = marker or f"job-{next(_numbers)}"
    lines = [adapter(vendor).line(name, each) for name, each in asked.items()]
    return file_of(folder, vendor, lines, marker)


def file_of(folder: Path, vendor: str, lines: Sequence[bytes], marker: str) -> JobFile:
    path = folder / f"{marker}.jsonl"
    path.write_bytes(b"".join(lines))
    return JobFile(path, len(lines), MODELS[vendor], marker)


def uploaded(vendor: str, job: JobFile) -> JobFile:
    return replace(job, input_file_id=adapter(vendor).upload(job))


def started(folder: Path, vendor: str, asked: dict[str, ProviderRequest]) -> VendorJob:
    return adapter(vendor).create(uploaded(vendor, job_file(folder, vendor, asked)))


def ended(vendor: str, vendor_id: str) -> VendorJob:
    """The job once it has ended: the emulator judges a large one over several looks."""
    while (job := adapter(vendor).check(vendor_id)).state is JobState.RUNNING:
        pass
    return job


def collected(vendor: str, job: VendorJob) -> dict[str, ProviderResponse | ProviderError]:
    return {result.custom_id: result.outcome for result in adapter(vendor).collect(job)}


def outcomes(vendor: str, job: VendorJob) -> dict[str, str]:
    """By our names: `end`, `refusal`, ... for responses, the error type for errors."""
    return {
        name: str(outcome.stop if isinstance(outcome, ProviderResponse) else outcome.error_type)
        for name, outcome in collected(vendor, job).items()
    }
