"""A provider's batch API that does as told, and outlives the processes that use it."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from llmprovider.contracts import ErrorType, TokenUsage
from llmprovider.prompting.prompts import parse_prompt
from llmprovider.providers import registry
from llmprovider.providers.base import ProviderError, ProviderRequest, ProviderResponse, Stop
from llmprovider.providers.batches.base import (
    JobFile,
    JobLimits,
    JobResult,
    JobState,
    VendorJob,
)

MODEL = "claude-haiku-4-5"
USAGE = TokenUsage(input=1_000, output=100)
# Of one answer, at half of 1 and 5 USD per million tokens.
PRICE = 0.00075

Outcome = ProviderResponse | ProviderError


class Killed(BaseException):
    """The process dies here: nothing of ours runs any more."""


@dataclass
class Line:
    """One request as it arrived."""

    custom_id: str
    user: str

    @property
    def items(self) -> list[str]:
        return [pair.item for pair in parse_prompt(self.user).comparisons]


@dataclass
class Kept:
    """One job at the provider."""

    vendor: VendorJob
    marker: str
    lines: list[Line]
    done: dict[str, Outcome] = field(default_factory=dict)


def well(line: Line) -> ProviderResponse:
    """Every comparison answered, for the first text."""
    return answer(line, line.items)


def answer(line: Line, items: Sequence[str], stop: Stop = Stop.END) -> ProviderResponse:
    entries = [
        {"item": item, "winner": "first", "confidence": 3, "justification": "Clearer."}
        for item in items
    ]
    return ProviderResponse(json.dumps({"comparisons": entries}), stop, USAGE, MODEL, "req")


def failing(kind: ErrorType, *, outage: bool = False) -> Callable[[Line], ProviderError]:
    return lambda line: ProviderError(kind, f"it was {kind}", outage=outage)


class ScriptedVendor:
    """`marks`: it keeps our name of a job. `takes_files`: jobs name an uploaded file."""

    def __init__(self, *, marks: bool = True, takes_files: bool = True) -> None:
        self.marks = marks
        self.takes_files = takes_files
        self.limits = JobLimits(requests=1_000, input_bytes=10_000_000)
        self.jobs: dict[str, Kept] = {}
        self.files: dict[str, bytes] = {}
        self.judge: Callable[[Line], Outcome | None] = well  # None: no line comes of it
        self.ends_at_once = True
        self.faults: dict[str, list[BaseException]] = {}  # by door, one for each call
        self.calls: list[str] = []
        self.die_after_lines: int | None = None
        self.shown = True  # whether its list shows what was created

    def fail(self, door: str, error: BaseException, times: int = 1) -> None:
        self.faults.setdefault(door, []).extend([error] * times)

    def _enter(self, door: str) -> None:
        self.calls.append(door)
        if waiting := self.faults.get(door):
            raise waiting.pop(0)

    def line(self, custom_id: str, request: ProviderRequest) -> bytes:
        self._enter("line")
        line = {"custom_id": custom_id, "system": request.system, "user": request.user}
        return json.dumps(line).encode() + b"\n"

    def upload(self, job: JobFile) -> str:
        if not self.takes_files:
            return ""
        self._enter("upload")
        name = f"file-{len(self.files) + 1}"
        self.files[name] = job.path.read_bytes()
        return name

    def create(self, job: JobFile) -> VendorJob:
        self._enter("create")
        content = self.files[job.input_file_id] if self.takes_files else job.path.read_bytes()
        made = self.put(job.marker if self.marks else "", content)
        self._enter("created")
        return made

    def put(self, marker: str, content: bytes) -> VendorJob:
        lines = [
            Line(one["custom_id"], one["user"])
            for one in map(json.loads, content.split(b"\n")[:-1])
        ]
        vendor_id = f"vendor-{len(self.jobs) + 1}"
        made = VendorJob(
            vendor_id,
            JobState.RUNNING,
            "in_progress",
            datetime.now(UTC),
            requests=len(lines),
            marker=marker,
        )
        self.jobs[vendor_id] = Kept(made, marker, lines)
        if self.ends_at_once:
            self.finish(vendor_id)
        return self.jobs[vendor_id].vendor

    def finish(
        self, vendor_id: str = "", *, only: int | None = None, status: str = "ended"
    ) -> None:
        """The job ends; `only` so many of its requests were judged, the others are late."""
        for name, kept in self.jobs.items():
            if vendor_id not in ("", name) or kept.vendor.state is not JobState.RUNNING:
                continue
            for at, line in enumerate(kept.lines):
                late = only is not None and at >= only
                kind = ErrorType.CANCELLED if status == "cancelled" else ErrorType.EXPIRED
                outcome = ProviderError(kind, f"it was {kind}") if late else self.judge(line)
                if outcome is not None:
                    kept.done[line.custom_id] = outcome
            kept.vendor = replace(kept.vendor, state=JobState.ENDED, vendor_status=status)

    def refuse(self, vendor_id: str, kind: ErrorType) -> None:
        kept = self.jobs[vendor_id]
        kept.vendor = replace(
            kept.vendor,
            state=JobState.FAILED,
            vendor_status="failed",
            error_type=kind,
            error_message=f"the job was refused: {kind}",
        )

    def find(self, job: JobFile, since: datetime, known: Sequence[str]) -> list[VendorJob]:
        self._enter("find")
        if not self.shown:
            return []
        vendors = [kept.vendor for kept in self.jobs.values()]
        if self.marks:
            return [one for one in vendors if one.marker == job.marker]
        return [
            one for one in vendors if one.requests == job.requests and one.vendor_id not in known
        ]

    def check(self, vendor_id: str) -> VendorJob:
        self._enter("check")
        self._enter(f"check {vendor_id}")
        return self.jobs[vendor_id].vendor

    def collect(self, job: VendorJob) -> Iterator[JobResult]:
        self._enter("collect")
        results = list(self.jobs[job.vendor_id].done.items())
        random.Random(7).shuffle(results)
        for at, (custom_id, outcome) in enumerate(results):
            if at == self.die_after_lines:
                self.die_after_lines = None
                raise Killed
            yield JobResult(custom_id, outcome)
        if self.die_after_lines == len(results):
            self.die_after_lines = None
            raise Killed

    def cancel(self, vendor_id: str) -> None:
        self._enter("cancel")
        self.finish(vendor_id, only=self.cancelled_after, status="cancelled")

    cancelled_after = 0

    @property
    def answered(self) -> int:
        """Requests that were judged, and so are charged."""
        return sum(
            isinstance(one, ProviderResponse)
            for kept in self.jobs.values()
            for one in kept.done.values()
        )


def put_in(
    monkeypatch: pytest.MonkeyPatch, *, marks: bool = True, takes_files: bool = True
) -> ScriptedVendor:
    """A scripted batch API in the place of Anthropic's, for the length of a test."""
    vendor = ScriptedVendor(marks=marks, takes_files=takes_files)
    monkeypatch.setitem(registry._BATCH_ADAPTERS, "anthropic", lambda requests_of: vendor)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "not-a-key")
    return vendor
