"""What a finished run left behind: rows, metrics, and the vendor's own log."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from tests.servers.sites import Site

# By the name of a sample: by its labels, the value.
Samples = Mapping[str, Mapping[frozenset[tuple[str, str]], float]]

# Whatever bears a time after the batch's end.
LATER = {
    "delivered": ("llmprovider_queueitem", "delivered_at"),
    "queued": ("llmprovider_queueitem", "enqueued_at"),
    "called": ("llmprovider_providercall", "started_at"),
    "answered": ("assessment_pairattempt", "answered_at"),
    "waves": ("assessment_wave", "created_at"),
}
QUESTIONS = {
    "status": "SELECT status FROM assessment_batch",
    "mode": "SELECT llm_batching_mode FROM assessment_batch",
    "submitted": "SELECT submitted FROM assessment_batch",
    "completed": "SELECT completed FROM assessment_batch",
    "failed": "SELECT failed FROM assessment_batch",
    "judged pairs": "SELECT count(*) FROM assessment_comparisonpair WHERE status = 'succeeded'",
    "failed pairs": "SELECT count(*) FROM assessment_comparisonpair WHERE status = 'failed'",
    "first won": "SELECT count(*) FROM assessment_comparisonpair WHERE winner = 'essay_a'",
    "asked": "SELECT count(*) FROM assessment_pairattempt",
    "asked first": "SELECT count(*) FROM assessment_pairattempt WHERE number = 1",
    "recorded": "SELECT count(*) FROM assessment_pairattempt WHERE outcome = 'recorded'",
    "late": "SELECT count(*) FROM assessment_pairattempt WHERE outcome = 'late'",
    "delivered": "SELECT count(*) FROM llmprovider_queueitem WHERE delivered_at IS NOT NULL",
    "open": "SELECT count(*) FROM llmprovider_queueitem WHERE delivered_at IS NULL",
    "waves": "SELECT count(*) FROM assessment_wave",
    "live calls": "SELECT count(*) FROM llmprovider_providercall WHERE job_id IS NULL",
    "serial calls": "SELECT count(*) FROM llmprovider_providercall c JOIN llmprovider_bundle b "
    "ON b.id = c.bundle_id WHERE c.job_id IS NULL AND b.queue_mode = 'serial_bundle'",
    "serial items": "SELECT coalesce(sum(c.items_count), 0) FROM llmprovider_providercall c "
    "JOIN llmprovider_bundle b ON b.id = c.bundle_id "
    "WHERE c.job_id IS NULL AND b.queue_mode = 'serial_bundle'",
    "jobs": "SELECT count(*) FROM llmprovider_batchjob",
    "jobs collected": "SELECT count(*) FROM llmprovider_batchjob WHERE status = 'collected'",
    "events": "SELECT count(*) FROM assessment_outgoingevent WHERE kind = 'batch.completed'",
    **{
        f"{name} later": f"SELECT count(*) FROM {table} "  # noqa: S608
        f"WHERE {column} > (SELECT completed_at FROM assessment_batch)"
        for name, (table, column) in LATER.items()
    },
}


@dataclass(frozen=True)
class Evidence:
    """`rows`: the answers to QUESTIONS. `hints`: `preferred_bundle_size` of each comparison asked,

    None where there was none. `vendor_calls`: live calls in the emulator's log; `vendor_faults`:
    requests of any kind that it failed on purpose, or spoilt.
    """

    exit_code: int
    doctor: int
    rows: Mapping[str, Any]
    hints: tuple[Any, ...]
    samples: Samples
    vendor_calls: int
    vendor_faults: int

    def total(self, name: str) -> float:
        """Of all samples of this name, whatever their labels."""
        return sum(self.samples.get(name, {}).values())

    def by_label(self, name: str, label: str) -> dict[str, float]:
        """Sums by the values of one label; zeros are left out."""
        sums: dict[str, float] = {}
        for labels, value in self.samples.get(name, {}).items():
            if value:
                key = dict(labels)[label]
                sums[key] = sums.get(key, 0.0) + value
        return sums


def rows_of(site: Site) -> dict[str, Any]:
    return {name: _query(site, query)[0][0] for name, query in QUESTIONS.items()}


def hints_of(site: Site) -> tuple[Any, ...]:
    """As the judge service got them, and echoes them with each result."""
    found = []
    for (metadata,) in _query(site, "SELECT metadata FROM llmprovider_queueitem"):
        told = json.loads(metadata) if isinstance(metadata, str) else metadata
        found.append(told.get("preferred_bundle_size"))
    return tuple(found)


def samples_in(folder: Path) -> Samples:
    """What all processes that kept their counts in this folder have counted."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))
    found: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
    for family in registry.collect():
        for sample in family.samples:
            found.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return found


def _query(site: Site, query: str) -> list[tuple[Any, ...]]:
    if site.database_url:
        with psycopg.connect(site.database_url) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]
    path = site.folder / "data" / "essay_judge.sqlite3"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as database:
        return database.execute(query).fetchall()
