"""Messages: telling a worker that a bundle is ready. Losing one loses nothing."""

import logging
from collections.abc import Callable, Sequence

from celery import chain, current_app
from django.utils import timezone
from kombu.exceptions import OperationalError

from llmprovider.models import Bundle

log = logging.getLogger(__name__)


def process_then_deliver(bundle: Bundle) -> chain:
    """Judge a bundle, then take its results home through its own task."""
    return chain(
        current_app.signature("llmprovider.process_bundle", args=[str(bundle.pk)]),
        current_app.signature(bundle.on_results),
    )


def deliver(bundle_id: object, on_results: str) -> None:
    """Take what is finished of a bundle home, outside any chord."""
    _send(lambda: current_app.send_task(on_results, args=[str(bundle_id)]))


def announce_all(bundles: Sequence[Bundle]) -> None:
    """Send each bundle's message, to be worked not before its time."""
    now = timezone.now()
    for bundle in bundles:
        wait = (bundle.not_before - now).total_seconds() if bundle.not_before else 0.0
        _announce(bundle, max(0.0, wait))


def _announce(bundle: Bundle, wait: float) -> None:
    _send(lambda: process_then_deliver(bundle).apply_async(countdown=wait or None))


def _send(publish: Callable[[], object]) -> None:
    """A broker that is away must not fail what the database has already agreed to."""
    try:
        publish()
    except OperationalError:
        log.warning("the broker cannot be reached; the clean-up will send this again")
