"""What the runner's commands do. Each returns whether all is done (exit code 0) or not (1)."""

import json
import os
import shlex
import sys
from argparse import Namespace
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from assessment.eng5.batches import batch_in_folder, find_batch, folder_of
from assessment.eng5.documents import batch_summary, cost_summary, run_document
from assessment.eng5.following import follow
from assessment.eng5.inputs import BadOption, RunInputs, read_inputs
from assessment.eng5.plans import plan_run
from assessment.eng5.run_folders import (
    claim_folder,
    default_folder,
    write_run,
    write_run_document,
)
from assessment.eng5.tables import print_plan, print_status, print_summary
from assessment.lifecycle import starting
from assessment.lifecycle.cancelling import cancel
from assessment.lifecycle.creation import create_batch
from assessment.lifecycle.specs import BatchRefused
from assessment.models import Batch
from cjproject.embedded import Standby


class Output(Protocol):
    """Django's wrapper of a stream."""

    def write(self, msg: str) -> None: ...


def plan(options: Namespace, out: Output, err: Output) -> bool:
    """Print what the run takes at most. Stores and judges nothing."""
    inputs = _inputs(options)
    planned = plan_run(inputs.spec)
    print_plan(planned, out, as_json=options.json)
    return True


def execute(options: Namespace, out: Output, err: Output) -> bool:
    """Create the batch, see it through, write its folder."""
    if options.resume:
        batch = _interrupted(options)
        if batch is not None:
            _check_same_run(batch, _inputs(options))
            return _see_through(batch, options, out, err)
    inputs = _inputs(options)
    planned = plan_run(inputs.spec)
    require_tables()
    folder = (options.output or default_folder(options.label, timezone.now())).absolute()
    _claim(folder)
    try:
        batch = _create(inputs, folder)
    except BatchRefused:
        with suppress(OSError):
            folder.rmdir()  # only an empty one: nothing of this run has been written
        raise
    write_run_document(folder, run_document(batch))
    if not options.json:
        print_plan(planned, err)
    return _see_through(batch, options, out, err)


def resume(options: Namespace, out: Output, err: Output) -> bool:
    """Continue a batch wherever it stopped; a finished one is only written again."""
    require_tables()
    return _see_through(find_batch(options.batch), options, out, err)


def status(options: Namespace, out: Output, err: Output) -> bool:
    """Print one batch, or the latest ones."""
    require_tables()
    if options.batch:
        batches = [find_batch(options.batch)]
    else:
        batches = list(Batch.objects.order_by("-pk")[:20])
    print_status(batches, out, as_json=options.json)
    return True


def report(options: Namespace, out: Output, err: Output) -> bool:
    """Write a run's documents from the rows as they are now."""
    require_tables()
    batch = find_batch(options.batch)
    folder = _output_folder(batch, options.output)
    document = run_document(batch)
    path = write_run(folder, document)
    if options.json:
        _print_json(batch, out)
    else:
        out.write(f"Report: {path}")
    return True


def cancel_run(options: Namespace, out: Output, err: Output) -> bool:
    """End a batch: what no provider has seen is taken back. False if it had ended before."""
    require_tables()
    batch = find_batch(options.batch)
    cancelled = cancel(batch.pk)
    batch.refresh_from_db()
    if options.json:
        _print_json(batch, out)
    elif cancelled:
        out.write(f"Batch {batch.pk} is cancelled; {batch.callbacks} comparisons stay on record.")
    else:
        err.write(f"Batch {batch.pk} had ended before: {batch.status} ({batch.stop_reason}).")
    return cancelled


def _inputs(options: Namespace) -> RunInputs:
    try:
        return read_inputs(options)
    except OSError as error:
        raise BadOption(f"{error.filename}: {error.strerror}. Check the path") from None


def _claim(folder: Path) -> None:
    try:
        claim_folder(folder)
    except OSError as error:
        raise BadOption(
            f"--output: {folder}: {error.strerror}. Name a folder that can be written"
        ) from None


def _interrupted(options: Namespace) -> Batch | None:
    """The batch that this command line began earlier; None where there is none."""
    require_tables()
    if options.output and options.output.is_dir():
        batch = batch_in_folder(options.output)
        if batch is not None:
            return batch
    if options.label:
        return Batch.objects.filter(label=options.label, created_by__isnull=True).first()
    if not options.output:
        raise BadOption("--resume needs the --output folder or the --label of the run")
    return None


def _check_same_run(batch: Batch, inputs: RunInputs) -> None:
    """Refuse to continue a run under a command line that asks for another one."""
    for part in ("inputs", "asked", "mock"):
        before = (batch.run_record or {}).get(part, {})
        for name, value in inputs.record[part].items():
            if before.get(name) != value:
                raise BadOption(
                    f"--resume: {name.replace('_', ' ')} differs from batch {batch.pk}'s. Give it "
                    f"as it was, continue with `manage.py eng5 resume {batch.pk}`, or start a new "
                    "run with another --output and --label"
                )


def _create(inputs: RunInputs, folder: Path) -> Batch:
    with transaction.atomic():
        batch = create_batch(
            inputs.spec_with_mock(),
            run_record={
                **inputs.record,
                "output": str(folder),
                "command": shlex.join(["manage.py", *sys.argv[1:]]),
            },
        )
        starting.announce(batch)
    return batch


def _see_through(batch: Batch, options: Namespace, out: Output, err: Output) -> bool:
    """Follow the batch to its end and write its folder; Ctrl-C leaves it resumable."""
    folder = _output_folder(batch, getattr(options, "output", None))
    standby = Standby()
    try:
        with standby:
            try:
                if not standby.step_in() and settings.EMBEDDED:
                    err.write("Another process works this database: it judges, this one follows.")
                batch = follow(batch.pk, stream=sys.stderr, step_in=standby.step_in)
            except KeyboardInterrupt:
                if standby.working:
                    err.write("Stopping: calls under way are paid for, so their answers are kept.")
                raise
    except KeyboardInterrupt as interrupt:
        batch.refresh_from_db()
        write_run_document(folder, run_document(batch))
        _say_how_to_go_on(batch, standby, err)
        if isinstance(interrupt.__context__, KeyboardInterrupt):
            os._exit(1)  # asked twice: do not wait for the calls under way
        return False
    document = run_document(batch)
    path = write_run(folder, document)
    if options.json:
        _print_json(batch, out)
    else:
        print_summary(document, path, out)
    return batch.status == Batch.Status.COMPLETED


def _say_how_to_go_on(batch: Batch, standby: Standby, err: Output) -> None:
    follow_it = f"manage.py eng5 resume {batch.pk}"
    if settings.EMBEDDED:
        err.write(
            f"\nInterrupted. Batch {batch.pk} keeps everything judged so far. "
            f"Continue with: {follow_it}"
        )
        if not standby.working:
            err.write("Until then the other process that works this database goes on with it.")
    else:
        err.write(
            f"\nDetached. Batch {batch.pk} goes on in the workers. Follow it with: {follow_it}. "
            f"Cancel it with: manage.py eng5 cancel {batch.pk}"
        )


def _output_folder(batch: Batch, asked: Path | None) -> Path:
    folder = asked or folder_of(batch) or default_folder(f"batch-{batch.pk}", timezone.now())
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadOption(f"{folder}: {error.strerror}. Name another with --output") from None
    return folder


def _print_json(batch: Batch, out: Output) -> None:
    out.write(
        json.dumps(
            {
                "batch": batch_summary(batch),
                "cost": cost_summary(batch),
                "warnings": batch.warnings,
            },
            indent=1,
            ensure_ascii=False,
        )
    )


def require_tables() -> None:
    """Embedded: make the tables. Elsewhere only the operator changes a database."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if settings.EMBEDDED and connection.vendor == "sqlite":
        call_command("migrate", verbosity=0, interactive=False)
    else:
        raise BadOption("the database is not up to date. Run: manage.py migrate")
