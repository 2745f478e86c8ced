"""What keeps a batch waiting at its judges' providers, as it is told everywhere."""

from typing import Any

from django.utils import timezone

from assessment.models import Batch
from llmprovider.contracts import queue as judge_queue
from llmprovider.contracts.queue import Trouble, TroubleKind


def troubles_of(batch: Batch) -> list[Trouble]:
    """Judges that serve nobody at the moment and that the batch waits for."""
    return [] if batch.ended else judge_queue.troubles_of(str(batch.pk), timezone.now())


def trouble_document(trouble: Trouble) -> dict[str, Any]:
    """A trouble ready for JSON, times as ISO 8601."""
    return {
        "provider": trouble.provider,
        "model": trouble.model,
        "kind": trouble.kind.value,
        "since": trouble.since.isoformat() if trouble.since else None,
        "until": trouble.until.isoformat(),
        "error_type": trouble.error_type or None,
        "message": trouble.message,
        "words": trouble_words(trouble),
    }


def trouble_words(trouble: Trouble) -> str:
    """A trouble in one line."""
    judge = f"{trouble.provider}:{trouble.model}"
    last = f" (last error: {trouble.message})" if trouble.message else ""
    if trouble.since is None:
        return f"{judge} asked to be left alone until {trouble.until:%H:%M:%S} UTC{last}"
    if trouble.kind is TroubleKind.REFUSED:
        return (
            f"{judge} refuses every call since {trouble.since:%H:%M:%S} UTC{last}. Waiting does "
            "not help, and a batch without another judge ends. Mend the cause and run it again"
        )
    return (
        f"{judge} has failed since {trouble.since:%H:%M:%S} UTC{last}. It is tried again and "
        f"again; what still waits at {trouble.until:%H:%M} UTC is given up"
    )
