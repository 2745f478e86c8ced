"""Requests for comparisons, and workers that judge them without messages."""

from typing import Any

from llmprovider.calls.processing import process
from llmprovider.models import Bundle, QueueItem
from llmprovider.tasks import keep_results

URL = "/api/v1/comparisons"
SECRET = "Zanzibar"  # stands in every text, and must stand in no answer, log or error


def text(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": f"t{number}", "text": f"{SECRET} {number} " + "is good. " * number, **changes}


def pair(first: int, second: int, **changes: Any) -> dict[str, Any]:
    return {"first": text(first), "second": text(second), **changes}


def request(**changes: Any) -> dict[str, Any]:
    """Three comparisons that can be asked for as they stand; None takes a field out."""
    asked = {
        "comparisons": [pair(1, 2), pair(3, 1), pair(2, 3)],
        "instructions": {"task": "Write about schools.", "rubric": "Better arguments."},
        "provider": "mock",
        "model": "latent-quality",
        **changes,
    }
    return {name: value for name, value in asked.items() if value is not None}


def waiting() -> list[Bundle]:
    queued = QueueItem.objects.filter(status=QueueItem.Status.QUEUED).values("bundle")
    return list(Bundle.objects.filter(pk__in=queued).order_by("created_at"))


def work(times: int = 1) -> None:
    """Judge all that waits, and take it home, each message delivered as often as told."""
    bundles = waiting()
    for bundle in bundles:
        for _ in range(times):
            process(str(bundle.pk))
            keep_results(str(bundle.pk))
