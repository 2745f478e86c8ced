"""What a line of the log says about a bundle or a batch job at work."""

from collections.abc import Iterator
from contextlib import contextmanager

from llmprovider.contracts.log_contexts import batch_context, logging_context
from llmprovider.models import BatchJob, Bundle


@contextmanager
def bundle_context(bundle: Bundle) -> Iterator[None]:
    """On every line of the block: the bundle, its judge and its batch."""
    with batch_context(
        bundle.batch_key, bundle=bundle.pk, provider=bundle.provider, model=bundle.model
    ):
        yield


@contextmanager
def job_context(job: BatchJob) -> Iterator[None]:
    """On every line of the block: the job, its judge, and its batch where it works for one."""
    with logging_context(job=job.pk, provider=job.provider, model=job.model):
        found = Bundle.objects.filter(job=job).order_by().values_list("batch_key", flat=True)
        keys = list(found.distinct()[:2])
        if len(keys) != 1:
            yield
            return
        with batch_context(keys[0]):
            yield
