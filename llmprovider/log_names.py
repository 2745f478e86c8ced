"""What a line of the log says about a bundle or a batch job at work."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress

from django.core.exceptions import ValidationError
from django.db import Error

from llmprovider.contracts.log_contexts import (
    WAVE_HINT,
    batch_context,
    logging_context,
    wave_among,
    wave_of,
)
from llmprovider.models import BatchJob, Bundle, QueueItem
from llmprovider.queueing.parcels import job_in


@contextmanager
def bundle_context(bundle: Bundle, items: Iterable[QueueItem] = ()) -> Iterator[None]:
    """On every line of the block: the bundle, its judge, its batch, and the wave of its items."""
    with batch_context(
        bundle.batch_key,
        bundle=bundle.pk,
        provider=bundle.provider,
        model=bundle.model,
        wave=wave_among(item.metadata for item in items),
    ):
        yield


@contextmanager
def job_context(job: BatchJob) -> Iterator[None]:
    """On every line of the block: the job and its judge; where it works for one batch, that, and
    its wave."""
    with logging_context(job=job.pk, provider=job.provider, model=job.model):
        found = Bundle.objects.filter(job=job).order_by().values_list("batch_key", flat=True)
        keys = list(found.distinct()[:2])
        if len(keys) != 1:
            yield
            return
        with batch_context(keys[0], wave=_wave_of(job)):
            yield


def _wave_of(job: BatchJob) -> int | None:
    hints = QueueItem.objects.filter(bundle__job=job).order_by()
    return wave_of(hints.values_list(f"metadata__{WAVE_HINT}", flat=True).distinct()[:2])


@contextmanager
def parcel_context(parcel: str) -> Iterator[None]:
    """For a line about results that could not be taken home: whose they are, if the rows tell."""
    with ExitStack() as bound:
        # That the rows cannot be read may be what the line is about.
        with suppress(Error, ValidationError):
            bound.enter_context(_of_parcel(parcel))
        yield


def _of_parcel(parcel: str) -> AbstractContextManager[None]:
    job_id = job_in(parcel)
    if job_id is not None:
        job = BatchJob.objects.filter(pk=job_id).first()
        return job_context(job) if job else nullcontext()
    bundle = Bundle.objects.filter(pk=parcel).first()
    return bundle_context(bundle, bundle.items.all()) if bundle else nullcontext()
