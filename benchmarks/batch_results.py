"""Memory while a large job is sent and its results are collected: it should stay flat.

    python benchmarks/batch_results.py [comparisons, 50000 by default]

Works on a database of its own in a temporary folder. In the place of the vendor is one whose
results are lines of a file, read one at a time; its answers are all the same.
"""

import json
import logging
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = tempfile.TemporaryDirectory(prefix="cj-batch-results-")
os.environ["CJ_DATA_DIR"] = FOLDER.name
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cjproject.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")
sys.path.insert(0, str(PROJECT))

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from llmprovider.contracts import (  # noqa: E402
    ComparisonRequest,
    Document,
    Instructions,
    Overrides,
    QueueMode,
    TokenUsage,
    queue,
)
from llmprovider.jobs import messages  # noqa: E402
from llmprovider.jobs.submitting import prepare  # noqa: E402
from llmprovider.jobs.tending import tend  # noqa: E402
from llmprovider.models import BatchJob, QueueItem  # noqa: E402
from llmprovider.providers import registry  # noqa: E402
from llmprovider.providers.base import ProviderResponse, Stop  # noqa: E402
from llmprovider.providers.batches.anthropic_batches import AnthropicBatches  # noqa: E402
from llmprovider.providers.batches.base import (  # noqa: E402
    JobFile,
    JobResult,
    JobState,
    VendorJob,
)


class Canned(AnthropicBatches):
    """Anthropic's lines and limits; a job ends at once, and its results are in a file."""

    results = Path(FOLDER.name) / "results.jsonl"

    def create(self, job: JobFile) -> VendorJob:
        with job.path.open("rb") as lines, self.results.open("w") as results:
            for line in lines:
                results.write(json.dumps(json.loads(line)["custom_id"]) + "\n")
        return self.check(f"vendor-{job.marker}")

    def check(self, vendor_id: str) -> VendorJob:
        return VendorJob(vendor_id, JobState.ENDED, "ended", datetime.now(UTC))

    def collect(self, job: VendorJob) -> Iterator[JobResult]:
        with self.results.open() as results:
            for line in results:
                usage = TokenUsage(input=2_000, output=60)
                answer = ProviderResponse(ANSWER, Stop.END, usage, MODEL, "request")
                yield JobResult(json.loads(line), answer)


MODEL = "claude-haiku-4-5"
ENTRY = {"item": "c1", "winner": "first", "confidence": 3, "justification": "It is clearer."}
ANSWER = json.dumps({"comparisons": [ENTRY]})
registry._BATCH_ADAPTERS["anthropic"] = lambda requests_of: Canned()

ESSAYS = 400
WORDS = 170


def essays() -> list[Document]:
    words = "although it is short it makes its point well and says why it matters".split()
    return [
        Document(
            id=str(number),
            text=f"Essay {number}. "
            + " ".join(words[(number + at) % len(words)] for at in range(WORDS)),
        )
        for number in range(ESSAYS)
    ]


def requests(count: int) -> list[ComparisonRequest]:
    texts = essays()
    pairs = ((a, b) for a in range(ESSAYS) for b in range(ESSAYS) if a != b)
    return [
        ComparisonRequest(
            correlation_id=uuid4(),
            first=texts[a],
            second=texts[b],
            instructions=Instructions(task="Write about school.", rubric="Judge the argument."),
            overrides=Overrides(provider="anthropic", model=MODEL),
            on_results="benchmark.take_results",
            queue_mode=QueueMode.BATCH_API,
            batch_key="benchmark",
        )
        for (a, b), _ in zip(pairs, range(count), strict=False)
    ]


def resident_mb() -> float:
    """Resident size of this process now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


class Step:
    """Times one step, and watches how much larger the process gets on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.done = threading.Event()
        self.most = self.first = resident_mb()

    def watch(self) -> None:
        while not self.done.wait(0.05):
            self.most = max(self.most, resident_mb())

    def __enter__(self) -> None:
        self.began = time.monotonic()
        self.watcher = threading.Thread(target=self.watch, daemon=True)
        self.watcher.start()

    def __exit__(self, *error: object) -> None:
        seconds = time.monotonic() - self.began
        self.done.set()
        self.watcher.join()
        more = self.most - self.first
        print(
            f"{self.name:32} {seconds:7.1f} s  {self.most:6.0f} MB, {more:5.0f} MB more than before"
        )


def main(count: int) -> None:
    logging.disable(logging.WARNING)
    messages.deliver = lambda job: None  # nobody takes them home meanwhile
    call_command("migrate", verbosity=0)
    asked = requests(count)
    with Step("stored and planned"), transaction.atomic():
        queue.submit(asked)
    del asked
    for number, job in enumerate(BatchJob.objects.order_by("pk"), 1):
        with Step(f"job {number}: claimed"):
            assert prepare(job, timezone.now())
        with Step(f"job {number}: written, collected"):
            BatchJob.objects.filter(pk=job.pk).update(next_check_at=timezone.now())
            tend(str(job.pk))
        job.refresh_from_db()
        print(f"{job.requests} requests, {job.input_bytes / 1e6:.0f} MB, {job.succeeded} answered")
        assert job.status == BatchJob.Status.COLLECTED and job.succeeded == job.requests
    with Step("all handed over, in parts"):
        taken = 0
        for job in BatchJob.objects.all():
            while results := queue.results_of(f"job:{job.pk}"):
                queue.acknowledge([one.correlation_id for one in results])
                taken += len(results)
    assert taken == QueueItem.objects.filter(status="completed").count() == count


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
