"""`manage.py cj_doctor`: whether the rows of both apps agree, and putting right what can be."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from assessment.models import Batch
from cjproject.checkups import CHECKS, Checkup, check_up, repair
from llmprovider.contracts.findings import Finding, Severity

OFF, BAD_USAGE = 1, 2


class Command(BaseCommand):
    """Exit code 0: nothing is off; 1: something is (after a repair: still is); 2: bad usage."""

    help = (
        "Check that batches, comparisons, queue, calls, costs, jobs and events agree. "
        "docs/doctor.md says what each finding means. Exit code 1 when something is off."
    )

    # Of the rows only: whatever else may be wrong here, they can be looked at.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repair",
            action="store_true",
            help="put right what can be; calls no provider, and touches nothing that a worker "
            "is working on",
        )
        parser.add_argument("--batch", type=int, metavar="N", help="only what belongs to batch N")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: object, **options: Any) -> None:
        batch = _batch_key(options["batch"])
        first = check_up(batch)
        after = None
        if options["repair"] and any(_repairable(one) for one in first.findings):
            repair(first, batch)
            after = check_up(batch)
        if options["json"]:
            self.stdout.write(json.dumps(_document(first, after), indent=2))
        else:
            self.stdout.write(_text(first))
            if after is not None:
                self.stdout.write("\nAfter the repair\n" + _text(after))
        if not (after or first).clean:
            sys.exit(OFF)


def _batch_key(number: int | None) -> str | None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError(
            "the database is not up to date. Run: manage.py migrate", returncode=BAD_USAGE
        )
    if number is None:
        return None
    if not Batch.objects.filter(pk=number).exists():
        raise CommandError(
            f"--batch: there is no batch {number}. `manage.py eng5 status` lists them",
            returncode=BAD_USAGE,
        )
    return str(number)


def _repairable(finding: Finding) -> bool:
    return finding.severity is Severity.REPAIRABLE


def _text(checkup: Checkup) -> str:
    rows = ", ".join(f"{count} {name}" for name, count in checkup.rows.items())
    lines = [f"{len(CHECKS)} checks at {checkup.at:%Y-%m-%d %H:%M:%S} UTC, of {rows}."]
    for finding in checkup.findings:
        lines += _lines(finding)
    if checkup.clean:
        lines.append("Nothing is off.")
    return "\n".join(lines)


def _lines(finding: Finding) -> list[str]:
    more = (
        f" and {finding.count - len(finding.ids)} more" if finding.count > len(finding.ids) else ""
    )
    remedy = "Repair" if _repairable(finding) else "What to do"
    return [
        f"{finding.severity.upper()} {finding.code} ({finding.count}): {finding.what}",
        f"  {finding.of}: {', '.join(finding.ids)}{more}",
        f"  {remedy}: {finding.remedy}.",
    ]


def _document(first: Checkup, after: Checkup | None) -> dict[str, Any]:
    last = after or first
    return {
        "checked_at": last.at.isoformat(),
        "checks": len(CHECKS),
        "rows": dict(last.rows),
        "clean": last.clean,
        "findings": [_plain(one) for one in last.findings],
        "before_repair": [_plain(one) for one in first.findings] if after else None,
    }


def _plain(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "of": finding.of,
        "what": finding.what,
        "count": finding.count,
        "ids": list(finding.ids),
        "remedy": finding.remedy,
    }
