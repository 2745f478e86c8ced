"""What the runner's commands do. Each returns whether all is done (exit code 0) or not (1)."""

import shlex
import sys
from argparse import Namespace
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from assessment.eng5.bad_options import BadOption
from assessment.eng5.batches import batch_in_folder, find_batch
from assessment.eng5.documents import run_document
from assessment.eng5.inputs import RunInputs, read_inputs
from assessment.eng5.plan_tables import print_own_plan, print_plan
from assessment.eng5.plans import plan_run
from assessment.eng5.run_folders import (
    claim_folder,
    default_folder,
    write_run,
    write_run_document,
)
from assessment.eng5.supervision import (
    check_detachable,
    end_at_providers,
    hand_over,
    output_folder,
    see_through,
)
from assessment.eng5.tables import Output, print_batch, print_status
from assessment.intake.forewarnings import CapForecast
from assessment.lifecycle import starting
from assessment.lifecycle.cancelling import cancel
from assessment.lifecycle.creating.creation import create_batch
from assessment.lifecycle.creating.specs import BatchRefused
from assessment.models import Batch
from assessment.modes import LLMBatchingMode
from cjproject.addresses import broker_place
from cjproject.databases import PATIENCE_SECONDS, require_database
from cjproject.health import broker_fault
from llmprovider.contracts.log_contexts import batch_context


def plan(options: Namespace, out: Output, err: Output) -> bool:
    """Print what the run takes in each mode. Stores and judges nothing."""
    inputs = _inputs(options, keyless=True)
    planned = plan_run(inputs.spec, keyless=True)
    print_plan(planned, out, as_json=options.json)
    return True


def execute(options: Namespace, out: Output, err: Output) -> bool:
    """Create the batch, see it through, write its folder."""
    if options.resume:
        batch = _interrupted(options)
        if batch is not None:
            _check_same_run(batch, _inputs(options))
            if options.detach:
                check_detachable(LLMBatchingMode(batch.llm_batching_mode))
            return _supervise(batch, options, out, err)
        err.write("Nothing to resume, so this starts a new run.")
    inputs = _inputs(options)
    planned = plan_run(inputs.spec, compare=False)
    if options.detach:
        check_detachable(planned.own.mode)
    require_tables()
    _require_broker()
    folder = (options.output or default_folder(options.label, timezone.now())).absolute()
    _claim(folder)
    try:
        batch = _create(inputs, folder, planned.own.money)
    except BatchRefused:
        with suppress(OSError):
            folder.rmdir()  # only an empty one: nothing of this run has been written
        raise
    write_run_document(folder, run_document(batch))
    if not options.json:
        print_own_plan(planned, err)
    return _supervise(batch, options, out, err)


def _supervise(batch: Batch, options: Namespace, out: Output, err: Output) -> bool:
    with batch_context(batch.pk):
        return (hand_over if options.detach else see_through)(batch, options, out, err)


def resume(options: Namespace, out: Output, err: Output) -> bool:
    """Continue or watch a batch wherever it is; a finished one is only written again."""
    require_tables()
    batch = find_batch(options.batch)
    with batch_context(batch.pk):
        return see_through(batch, options, out, err)


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
    folder = output_folder(batch, options.output)
    document = run_document(batch)
    path = write_run(folder, document)
    if options.json:
        print_batch(batch, out)
    else:
        out.write(f"Report: {path}")
    return True


def cancel_run(options: Namespace, out: Output, err: Output) -> bool:
    """End a batch: what no provider has seen is taken back. False if it had ended before."""
    require_tables()
    batch = find_batch(options.batch)
    with batch_context(batch.pk):
        cancelled = cancel(batch.pk)
        end_at_providers(batch, err)
    batch.refresh_from_db()
    if options.json:
        print_batch(batch, out)
    elif cancelled:
        out.write(f"Batch {batch.pk} is cancelled; {batch.callbacks} comparisons stay on record.")
    else:
        err.write(f"Batch {batch.pk} had ended before: {batch.status} ({batch.stop_reason}).")
    return cancelled


def _inputs(options: Namespace, *, keyless: bool = False) -> RunInputs:
    try:
        return read_inputs(options, keyless=keyless)
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


def _create(inputs: RunInputs, folder: Path, money: CapForecast | None) -> Batch:
    with transaction.atomic():
        batch = create_batch(
            inputs.spec_with_mock(),
            run_record={
                **inputs.record,
                "output": str(folder),
                "command": shlex.join(["manage.py", *sys.argv[1:]]),
            },
            money=money,
        )
        starting.announce(batch)
    return batch


def _require_broker() -> None:
    """Raises BadOption where nobody would be told of the batch."""
    if not settings.EMBEDDED and broker_fault(PATIENCE_SECONDS) is not None:
        raise BadOption(
            f"Redis at {broker_place(settings.REDIS_URL)} does not answer; nothing was started. "
            "See to it, or mend REDIS_URL"
        )


def require_tables() -> None:
    """Embedded: make the tables. Elsewhere only the operator changes a database.

    Raises CommandError where the database does not let us in.
    """
    require_database()
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if settings.EMBEDDED and connection.vendor == "sqlite":
        call_command("migrate", verbosity=0, interactive=False)
    else:
        raise BadOption("the database is not up to date. Run: manage.py migrate")
