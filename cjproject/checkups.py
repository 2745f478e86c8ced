"""Checkups: all checks of both apps on one state of the database, and the repairs they name."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from assessment.checks import CHECKS as ASSESSMENT_CHECKS
from assessment.checks import rows_checked as assessment_rows
from cjproject.embedded import to_itself
from llmprovider.contracts import audits
from llmprovider.contracts.findings import Check, Finding, Severity, Visit, examined

# The queue first: what it has finished is recorded before anything is said about batches.
CHECKS: tuple[Check, ...] = (*audits.CHECKS, *ASSESSMENT_CHECKS)


@dataclass(frozen=True)
class Checkup:
    """What was looked at, and what was found. `rows`: how many, by what they are."""

    at: datetime
    rows: Mapping[str, int]
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing is off; a notice is no fault."""
        return all(one.severity is Severity.NOTICE for one in self.findings)


def check_up(batch: str | None = None) -> Checkup:
    """Run every check, on one state of the database however much goes on in it meanwhile.

    `batch`: only what belongs to the batch with this key. Changes nothing.
    """
    # Before the snapshot, so that nothing in it seems older than it is.
    visit = Visit(timezone.now(), batch)
    with snapshot():
        found = [examined(check, visit) for check in CHECKS]
        rows = {**assessment_rows(batch), **audits.rows_checked(batch)}
    return Checkup(visit.now, rows, tuple(one for one in found if one is not None))


@contextmanager
def snapshot() -> Iterator[None]:
    """One state of the database for all queries of the block. Nobody waits for it."""
    if connection.in_atomic_block:  # whoever opened the transaction has decided
        yield
        return
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        with _deferred(), transaction.atomic():
            yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


@contextmanager
def _deferred() -> Iterator[None]:
    """SQLite: a transaction that reads, and so keeps nobody from writing."""
    before = connection.transaction_mode
    connection.transaction_mode = "DEFERRED"
    try:
        yield
    finally:
        connection.transaction_mode = before


def repair(checkup: Checkup, batch: str | None = None) -> None:
    """Run the repairs of what was found, each once; all look at the rows again, under their locks.

    On the embedded default no other process starts work meanwhile, and where none was at work what
    it had leased is free.
    """
    codes = {finding.code for finding in checkup.findings}
    wanted = [one.repair for one in CHECKS if one.code in codes and one.repair is not None]
    with to_itself() as alone:
        for mend in dict.fromkeys(wanted):
            mend(Visit(timezone.now(), batch, alone=alone))
