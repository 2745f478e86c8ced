"""Deleting what the queue keeps of a batch: comparisons, calls, texts that no other batch has."""

from django.db import transaction

from llmprovider.models import (
    BatchAccount,
    BatchJob,
    Bundle,
    ProviderCall,
    QueueItem,
    StoredDocument,
)


class StillAtWork(Exception):
    """Some of its comparisons may still be answered."""


@transaction.atomic
def forget(batch_key: str) -> None:
    """Delete all rows of the batch. May run twice. Raises StillAtWork.

    A job that holds comparisons of other batches stays; it keeps no text.
    """
    items = QueueItem.objects.filter(batch_key=batch_key)
    calls = ProviderCall.objects.filter(batch_key=batch_key)
    jobs = BatchJob.objects.filter(bundles__batch_key=batch_key)
    if (
        items.filter(status__in=QueueItem.OPEN).exists()
        or calls.filter(finished_at__isnull=True, error_type="").exists()
        or jobs.filter(status__in=BatchJob.OPEN).exists()
    ):
        raise StillAtWork
    texts = {key for pair in items.values_list("first_id", "second_id") for key in pair}
    of_jobs = set(jobs.values_list("pk", flat=True))
    items.delete()
    calls.delete()
    Bundle.objects.filter(batch_key=batch_key).delete()
    BatchAccount.objects.filter(batch_key=batch_key).delete()
    empty = BatchJob.objects.filter(pk__in=of_jobs, bundles__isnull=True, calls__isnull=True)
    while empty.filter(follow_ups__isnull=True).delete()[0]:
        pass  # a job before the one that took its comparisons over cannot go first
    _delete_unused(texts)


def _delete_unused(texts: set[str]) -> None:
    """Texts that are in no comparison any more; a few hundred in a statement."""
    keys = sorted(texts)
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        used = {
            key
            for column in ("first_id", "second_id")
            for key in QueueItem.objects.filter(**{f"{column}__in": some}).values_list(
                column, flat=True
            )
        }
        StoredDocument.objects.filter(pk__in=set(some) - used).delete()
