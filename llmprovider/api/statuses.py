"""How far a request is, told from the states of its comparisons alone."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, Field


class SetStatus(StrEnum):
    """State of a request for comparisons. The last four are final."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = frozenset({SetStatus.COMPLETED, SetStatus.PARTIAL, SetStatus.FAILED, SetStatus.CANCELLED})


class Counts(BaseModel):
    """Comparisons of a request by state; they add up to `total`."""

    total: int = 0
    queued: int = Field(0, description="Waiting, for the first time or for a retry.")
    processing: int = Field(0, description="In a call under way.")
    completed: int = Field(0, description="With a winner.")
    failed: int = Field(0, description="With an error; those that waited too long are among them.")
    cancelled: int = Field(0, description="Taken back unseen: by you, or for the money cap.")


# State of a queue item -> where it is counted.
_COUNTED_AS = {
    "queued": "queued",
    "processing": "processing",
    "submitted": "processing",
    "completed": "completed",
    "failed": "failed",
    "expired": "failed",
    "cancelled": "cancelled",
}


def counts_of(items: Mapping[str, int]) -> Counts:
    """`items`: state of a queue item -> how many are in it."""
    counted: dict[str, int] = {}
    for state, number in items.items():
        counted[_COUNTED_AS[state]] = counted.get(_COUNTED_AS[state], 0) + number
    return Counts(total=sum(counted.values()), **counted)


def status_of(counts: Counts, *, cancelled: bool) -> SetStatus:
    """`cancelled`: the caller asked for an end, so what was taken back is no failure."""
    if counts.queued + counts.processing:
        waiting = counts.queued == counts.total
        return SetStatus.QUEUED if waiting else SetStatus.PROCESSING
    if counts.completed == counts.total:
        return SetStatus.COMPLETED
    if cancelled and counts.cancelled:
        return SetStatus.CANCELLED
    return SetStatus.PARTIAL if counts.completed else SetStatus.FAILED
