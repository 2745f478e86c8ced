"""Memory while a large job is sent and its results are collected: it should stay flat.

    python benchmarks/batch_results.py [comparisons, 50000 by default]

Works on a database of its own in a temporary folder. The judge is the mock judge's batch API, whose
results are made one at a time, as a vendor's results file is read.
"""

import logging
import os
import resource
import sys
import tempfile
import threading
import time
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
    queue,
)
from llmprovider.jobs import messages  # noqa: E402
from llmprovider.jobs.claims import claim  # noqa: E402
from llmprovider.jobs.tending import tend  # noqa: E402
from llmprovider.models import BatchJob, QueueItem  # noqa: E402

ESSAYS = 400
WORDS = 300


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
            overrides=Overrides(provider="mock", model="latent-quality"),
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
    (job,) = BatchJob.objects.all()
    with Step("claimed in one transaction"):
        assert claim(job, timezone.now())
    with Step("file written, sent, collected"):
        BatchJob.objects.update(next_check_at=timezone.now())
        tend(str(job.pk))
    job.refresh_from_db()
    print(f"\n{job.requests} requests, {job.input_bytes / 1e6:.0f} MB, {job.succeeded} succeeded")
    assert job.status == BatchJob.Status.COLLECTED
    with Step("handed over in parts"):
        taken = 0
        while results := queue.results_of(f"job:{job.pk}"):
            queue.acknowledge([one.correlation_id for one in results])
            taken += len(results)
    assert taken == QueueItem.objects.filter(status="completed").count() == count


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
