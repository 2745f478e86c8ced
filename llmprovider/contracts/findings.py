"""What a check of the rows is, and what it finds; the same for both apps."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, Self

# Of what is off, so many are named; the rest is counted.
NAMED = 10
# And so many are put right in one visit, so that it stays small in memory.
REPAIRED = 10_000

# The condition that narrows a query to the batch with this key.
InBatch = Callable[[str], Any]


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"  # a person must look: no program can know what is right
    REPAIRABLE = "repairable"
    NOTICE = "notice"  # worth knowing; nothing is off


@dataclass(frozen=True)
class Visit:
    """One visit of the doctor. `batch`: only that batch's rows, where a repair can choose.

    `alone`: no other process works on this database, nor will while the visit lasts.
    """

    now: datetime
    batch: str | None = None
    alone: bool = False


class Rows(Protocol):
    """What a check finds: a query set of keys, run when it is asked for."""

    def filter(self, *conditions: Any) -> Self: ...

    def count(self) -> int: ...

    def __getitem__(self, wanted: slice) -> Iterable[Any]: ...


@dataclass(frozen=True)
class Check:
    """One thing that must not be in the rows: a query for it, and the words for what it finds.

    `of`: what the keys name. `what`: what is wrong with them. `remedy`: what the repair does or,
    without one, what a person can do. `find` takes the time of the visit: what is younger than the
    settings' patience is under way. `in_batch` narrows the query to one batch, by its key; None:
    the rows belong to no batch.
    """

    code: str
    of: str
    what: str
    remedy: str
    find: Callable[[datetime], Rows]
    in_batch: InBatch | None = None
    repair: Callable[[Visit], None] | None = None
    notice: bool = False

    @property
    def severity(self) -> Severity:
        if self.notice:
            return Severity.NOTICE
        return Severity.REPAIRABLE if self.repair else Severity.ERROR


@dataclass(frozen=True)
class Finding:
    """What one check found. `ids`: the first few of `count`, as text."""

    code: str
    severity: Severity
    of: str
    what: str
    remedy: str
    count: int
    ids: tuple[str, ...]


def examined(check: Check, visit: Visit) -> Finding | None:
    """Run one check; None where all is well, or where it says nothing about the batch asked for."""
    if visit.batch is not None and check.in_batch is None:
        return None
    rows = _narrowed(check.find(visit.now), visit, check.in_batch)
    named = list(rows[: NAMED + 1])
    if not named:
        return None
    return Finding(
        check.code,
        check.severity,
        check.of,
        check.what,
        check.remedy,
        count=len(named) if len(named) <= NAMED else rows.count(),
        ids=tuple(_text(key) for key in named[:NAMED]),
    )


def keys(rows: Rows, visit: Visit, in_batch: InBatch) -> list[Any]:
    """What a repair is to put right: a check's rows as they are now, in the batch asked for."""
    return list(_narrowed(rows, visit, in_batch)[:REPAIRED])


def _narrowed(rows: Rows, visit: Visit, in_batch: InBatch | None) -> Rows:
    if visit.batch is None or in_batch is None:
        return rows
    return rows.filter(in_batch(visit.batch))


def _text(key: object) -> str:
    return "/".join(map(str, key)) if isinstance(key, tuple) else str(key)
