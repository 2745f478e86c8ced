"""Tasks of the judge service: thin, and safe to run twice."""

import logging

from celery import shared_task
from django.utils import timezone

from llmprovider.clean_up import clean_up
from llmprovider.processing import process

log = logging.getLogger(__name__)


@shared_task(name="llmprovider.process_bundle", ignore_result=False)
def process_bundle(bundle_id: str) -> str:
    """Judge one bundle; returns its id for the task that takes the results home.

    Never raises, so that a chord waiting for it always ends: what failed stays in the rows.
    """
    try:
        process(bundle_id)
    except Exception:  # the lease runs out and the clean-up asks again
        log.exception("bundle %s was not processed", bundle_id)
    return bundle_id


@shared_task(name="llmprovider.clean_up_queue")
def clean_up_queue() -> None:
    """Free dead leases, expire what is too old, announce and deliver what was lost on the way."""
    clean_up(timezone.now())
