"""A stored batch and this process: working where nobody else does, leaving, coming back."""

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from assessment.eng5.bad_options import BadOption
from assessment.eng5.batches import folder_of
from assessment.eng5.documents import run_document
from assessment.eng5.following import Sighting, follow
from assessment.eng5.run_folders import default_folder, write_run, write_run_document
from assessment.eng5.tables import Output, also_judged_words, print_batch, print_summary
from assessment.lifecycle.job_words import progress_words, waiting_words
from assessment.lifecycle.jobs import Job, jobs_of, unsettled
from assessment.models import Batch
from assessment.modes import LLMBatchingMode
from cjproject.embedded import Standby
from llmprovider.contracts import judging

MOST_OTHERS = 5  # batches that are named one by one


def see_through(batch: Batch, options: Namespace, out: Output, err: Output) -> bool:
    """Follow the batch to its end and write its folder; Ctrl-C leaves it resumable."""
    folder = output_folder(batch, getattr(options, "output", None))
    if _attend(batch, folder, err, lambda seen: seen.over) is None:
        return False
    return _write_up(batch, folder, options, out)


def hand_over(batch: Batch, options: Namespace, out: Output, err: Output) -> bool:
    """Return as soon as the batch can go on without this process: True if it can.

    With workers elsewhere that is at once. On the embedded default it is when the providers have
    every job; see `check_detachable`.
    """
    folder = output_folder(batch, getattr(options, "output", None))
    if settings.EMBEDDED:
        seen = _attend(batch, folder, err, lambda seen: seen.handed_over)
        if seen is None:
            return False
        if seen.over:
            return _write_up(batch, folder, options, out)
    batch.refresh_from_db()
    write_run_document(folder, run_document(batch))
    if options.json:
        print_batch(batch, out)
    else:
        out.write(_parting_words(batch))
    return True


def check_detachable(mode: LLMBatchingMode) -> None:
    """Refuse to leave a batch that nobody would judge. Raises BadOption."""
    if not settings.EMBEDDED:
        return
    if mode is not LLMBatchingMode.PROVIDER_BATCH_API or not judging.makes_jobs():
        raise BadOption(
            "--detach: on the embedded default nobody judges once this command has ended. Leave it "
            "out, use --llm-batching-mode provider_batch_api with a provider that takes batch "
            "jobs, or set REDIS_URL and start workers"
        )


def end_at_providers(batch: Batch, err: Output) -> None:
    """See to it that the providers have been asked to end a cancelled batch's jobs.

    Results that are there already are collected later: they are paid for, and stay on record.
    """
    jobs: Sequence[Job] = jobs_of(batch)
    if not unsettled(jobs):
        return
    if settings.EMBEDDED:
        seen = _attend(batch, output_folder(batch, None), err, lambda seen: seen.ending)
        jobs = seen.jobs if seen else jobs_of(batch)
    if unsettled(jobs):
        err.write(
            f"{progress_words(jobs)}. What they have finished is paid for; collect it with: "
            f"manage.py eng5 watch {batch.pk}"
        )


def output_folder(batch: Batch, asked: Path | None) -> Path:
    """The run's folder, there to be written to. Raises BadOption where it cannot be."""
    folder = asked or folder_of(batch) or default_folder(f"batch-{batch.pk}", timezone.now())
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadOption(f"{folder}: {error.strerror}. Name another with --output") from None
    return folder


def _attend(
    batch: Batch, folder: Path, err: Output, until: Callable[[Sighting], bool]
) -> Sighting | None:
    """Follow the batch, working where nobody else does, until `until`; None if interrupted."""
    standby = Standby()
    try:
        with standby:
            try:
                _say_who_judges(batch, standby, err)
                return follow(batch.pk, stream=sys.stderr, step_in=standby.step_in, until=until)
            except KeyboardInterrupt:
                if standby.working:
                    err.write("Stopping: calls under way are paid for, so their answers are kept.")
                raise
    except KeyboardInterrupt as interrupt:
        connection.close()  # it may have struck in the middle of a query
        batch.refresh_from_db()
        write_run_document(folder, run_document(batch))
        _say_how_to_go_on(batch, standby, err)
        if isinstance(interrupt.__context__, KeyboardInterrupt):
            os._exit(1)  # asked twice: do not wait for the calls under way
        return None


def _write_up(batch: Batch, folder: Path, options: Namespace, out: Output) -> bool:
    batch.refresh_from_db()
    document = run_document(batch)
    path = write_run(folder, document)
    if options.json:
        print_batch(batch, out)
    else:
        print_summary(document, path, out)
    return batch.status == Batch.Status.COMPLETED


def _say_who_judges(batch: Batch, standby: Standby, err: Output) -> None:
    """On the embedded default: another process judges this batch, or this one others as well."""
    if not settings.EMBEDDED:
        return
    others = Batch.objects.exclude(status__in=Batch.ENDED).exclude(pk=batch.pk).order_by("pk")
    # Looked at before anything more is spent on them.
    told = [also_judged_words(other) for other in others[:MOST_OTHERS]]
    if (more := others.count() - len(told)) > 0:
        told.append(f"So do {more} more: manage.py eng5 status")
    if not standby.step_in():
        err.write("Another process works this database: it judges, this one follows.")
        return
    for words in told:
        err.write(words)


def _say_how_to_go_on(batch: Batch, standby: Standby, err: Output) -> None:
    follow_it = f"manage.py eng5 resume {batch.pk}"
    if settings.EMBEDDED:
        err.write(
            f"\nInterrupted. Batch {batch.pk} keeps everything judged so far. "
            f"Continue with: {follow_it}"
        )
        if unsettled(jobs_of(batch)):
            err.write("Jobs that a provider has got go on there meanwhile.")
        if standby.working:
            err.write(
                "So does, and pays for it, whatever else works this database: another run, or "
                f"`make web`. If you want no more of it: manage.py eng5 cancel {batch.pk}"
            )
        else:
            err.write("Until then the other process that works this database goes on with it.")
    else:
        err.write(
            f"\nDetached. Batch {batch.pk} goes on in the workers. Follow it with: {follow_it}. "
            f"Cancel it with: manage.py eng5 cancel {batch.pk}"
        )


def _parting_words(batch: Batch) -> str:
    elsewhere = "" if settings.EMBEDDED else "goes on in the workers"
    jobs = "; ".join(filter(None, (progress_words(jobs_of(batch)), waiting_words(batch))))
    return (
        f"Batch {batch.pk}: {jobs or elsewhere}.\n"
        f"Follow it to its end, in any process: manage.py eng5 watch {batch.pk}\n"
        f"Cancel it: manage.py eng5 cancel {batch.pk}"
    )
