"""Launching one very large wave: how long it takes, and how long others wait meanwhile.

    python benchmarks/launching.py [comparisons, 50000 by default]

Works on a database of its own in a temporary folder. Another connection asks for the write lock
again and again, as whoever records a result does; the longest wait is what the launch costs others.
"""

import logging
import math
import os
import resource
import sqlite3
import sys
import tempfile
import threading
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = tempfile.TemporaryDirectory(prefix="cj-launching-")
os.environ["CJ_DATA_DIR"] = FOLDER.name
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cjproject.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")
os.environ.setdefault("ANTHROPIC_API_KEY", "nobody-is-asked")
sys.path.insert(0, str(PROJECT))

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from assessment.lifecycle.creating.creation import create_batch  # noqa: E402
from assessment.lifecycle.creating.specs import (  # noqa: E402
    BatchConfigOverrides,
    BatchSpec,
    EssaySpec,
    JudgeSpec,
)
from assessment.lifecycle.starting import start  # noqa: E402
from assessment.lifecycle.waves.long_launches import go_on  # noqa: E402
from llmprovider.models import BatchJob, QueueItem  # noqa: E402


class Neighbour:
    """Wants to write every 20 ms, and notes the longest that it had to wait."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.times = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> "Neighbour":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def _write(self) -> None:
        link = sqlite3.connect(settings.DATABASES["default"]["NAME"], timeout=600)
        link.isolation_level = None
        while not self._done.wait(0.02):
            began = time.monotonic()
            link.execute("BEGIN IMMEDIATE")
            link.execute("ROLLBACK")
            self.longest = max(self.longest, time.monotonic() - began)
            self.times += 1
        link.close()


def essays(comparisons: int) -> tuple[EssaySpec, ...]:
    """Enough for that many pairs, and for 15 comparisons each."""
    count = max(comparisons // 15, math.ceil(math.sqrt(2 * comparisons)) + 1)
    words = "although it is short it makes its point well and says why it matters ".split()
    return tuple(
        EssaySpec(
            name=f"e{number:05d}",
            text=f"Essay {number}. " + " ".join(words[(number + at) % 14] for at in range(170)),
            sha256=f"{number:064d}",
            role="student",
        )
        for number in range(count)
    )


def main(comparisons: int) -> None:
    logging.disable(logging.WARNING)
    call_command("migrate", verbosity=0)
    batch = create_batch(
        BatchSpec(
            assignment_label="benchmark",
            task="Write about school.",
            rubric="Judge the argument.",
            grade_scale=("F", "E", "D", "C", "B", "A"),
            essays=essays(comparisons),
            judges=(JudgeSpec(provider="anthropic", model="claude-haiku-4-5"),),
            cj_source="benchmark",
            max_comparisons_override=comparisons,
            batch_config_overrides=BatchConfigOverrides(
                seed=7,
                llm_batching_mode_override="provider_batch_api",
            ),
        )
    )
    began = time.monotonic()
    with Neighbour() as neighbour:
        start(batch.pk)
        go_on(batch.pk, 1, 1)  # as the message does that it sends
    seconds = time.monotonic() - began
    batch.refresh_from_db()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"{batch.essays.count()} essays, {batch.submitted} comparisons: {seconds:.1f} s")
    print(f"longest wait of another writer: {neighbour.longest:.2f} s of {neighbour.times} times")
    print(f"jobs: {BatchJob.objects.count()}, at most {memory:.0f} MB")
    assert batch.submitted == batch.pairs.count() == QueueItem.objects.count() == comparisons


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
