"""`manage.py cj_forget`: delete ended batches with all that is kept of them here."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from assessment.eng5.batches import NoSuchBatch, find_batch, folder_of
from assessment.models import Batch
from llmprovider.queueing.forgetting import StillAtWork, forget

BAD_USAGE = 2


class Command(BaseCommand):
    """Exit code 0: deleted, or shown; 2: bad usage, and nothing was deleted."""

    help = (
        "Delete ended batches: essays, names, comparisons, justifications, scores, calls, events. "
        "Shows what would go; --yes deletes. docs/runbook.md says what is left to do."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("batches", nargs="+", metavar="BATCH", help="id, label or run folder")
        parser.add_argument("--yes", action="store_true", help="delete, for good")

    def handle(self, *args: object, **options: Any) -> None:
        batches = [_ended(named) for named in options["batches"]]
        folders = [folder_of(batch) for batch in batches]
        with transaction.atomic():
            for batch in batches:
                essays, pairs = batch.essays.count(), batch.pairs.count()
                if options["yes"]:
                    _delete(batch)
                done = "deleted" if options["yes"] else "would be deleted"
                self.stdout.write(f"batch {batch.pk}: {essays} essays, {pairs} comparisons {done}")
        for folder in folders:
            if folder is not None and folder.exists():
                self.stdout.write(f"its documents are in {folder}: delete that folder too")
        if not options["yes"]:
            self.stdout.write("Nothing was deleted; add --yes to do so.")


def _ended(named: str) -> Batch:
    try:
        batch = find_batch(named)
    except NoSuchBatch as problem:
        raise CommandError(str(problem), returncode=BAD_USAGE) from None
    if batch.status not in Batch.ENDED:
        raise CommandError(
            f"batch {batch.pk} has not ended: cancel it first (eng5 cancel {batch.pk})",
            returncode=BAD_USAGE,
        )
    return batch


def _delete(batch: Batch) -> None:
    number = batch.pk
    try:
        forget(str(number))
    except StillAtWork:
        raise CommandError(
            f"batch {number}: calls or jobs of it are still under way. Try again when they have "
            "ended (eng5 status)",
            returncode=BAD_USAGE,
        ) from None
    Batch.objects.filter(pk=number).delete()
