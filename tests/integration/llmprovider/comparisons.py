"""Comparisons for the queue's tests, and a worker that works them without messages."""

import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from llmprovider.calls.processing import process
from llmprovider.conf import get_settings
from llmprovider.contracts import ComparisonRequest, Document, Instructions, Overrides
from llmprovider.models import Bundle, QueueItem
from llmprovider.queueing import enqueueing

# Nobody's task: these tests fetch results themselves.
ON_RESULTS = "tests.take_results"


def comparison(number: int, **changes: Any) -> ComparisonRequest:
    """The comparison of texts `number` and `number + 1`."""
    overrides = {"provider": "mock", "model": "scripted", **changes.pop("overrides", {})}
    return ComparisonRequest.model_validate(
        {
            "correlation_id": uuid4(),
            "first": Document(id=f"e{number}", text=f"Text number {number}."),
            "second": Document(id=f"e{number + 1}", text=f"Text number {number + 1}."),
            "instructions": Instructions(task="Write.", rubric="Judge."),
            "overrides": Overrides.model_validate(overrides),
            "on_results": ON_RESULTS,
            "batch_key": "batch-1",
            **changes,
        }
    )


def queued(count: int, **changes: Any) -> list[Bundle]:
    """`count` comparisons in the queue, in as few bundles as their limits allow."""
    requests = [comparison(number, **changes) for number in range(count)]
    return enqueueing.enqueue(requests).bundles


def bundle_of(count: int, **changes: Any) -> Bundle:
    (bundle,) = queued(count, **changes)
    return bundle


def items() -> list[QueueItem]:
    return list(QueueItem.objects.order_by("enqueued_at", "first_id", "pk"))


def statuses() -> list[str]:
    return sorted(item.status for item in items())


def work_once() -> None:
    """Process every bundle that has queued items now, but not the retries this leads to."""
    waiting = QueueItem.objects.filter(status=QueueItem.Status.QUEUED).values("bundle")
    for bundle in Bundle.objects.filter(pk__in=waiting).order_by("created_at"):
        time.sleep(max(0.0, (bundle.not_before - timezone.now()).total_seconds()))
        process(str(bundle.pk))


def work(rounds: int = 20) -> None:
    """Process until nothing is queued."""
    for _ in range(rounds):
        if not QueueItem.objects.filter(status=QueueItem.Status.QUEUED).exists():
            return
        work_once()
    pytest.fail("the queue does not come to an end")


def set_queue(monkeypatch: pytest.MonkeyPatch, **values: object) -> None:
    """Settings of the queue for one test, as the environment gives them."""
    for name, value in values.items():
        monkeypatch.setenv(f"LLM_PROVIDER_SERVICE_{name}", str(value))
    get_settings.cache_clear()


def retry_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    set_queue(monkeypatch, QUEUE_RETRY_BASE_SECONDS=0.0001, CIRCUIT_OPEN_SECONDS=0.0001)


def at_once(workers: int, work: Callable[[], object]) -> None:
    """Run `work` in as many threads as there are `workers`, all begun together."""
    gate = threading.Barrier(workers)
    failures: list[Exception] = []

    def run() -> None:
        try:
            gate.wait()
            work()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
