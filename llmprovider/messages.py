"""Messages: telling a worker that a bundle is ready. Losing one loses nothing."""

from collections.abc import Sequence

from celery import chain, current_app
from django.utils import timezone

from llmprovider.models import Bundle


def process_then_deliver(bundle: Bundle) -> chain:
    """Judge a bundle, then take its results home through its own task."""
    return chain(
        current_app.signature("llmprovider.process_bundle", args=[str(bundle.pk)]),
        current_app.signature(bundle.on_results),
    )


def deliver(bundle_id: object, on_results: str) -> None:
    """Take what is finished of a bundle home, outside any chord."""
    current_app.send_task(on_results, args=[str(bundle_id)])


def announce_all(bundles: Sequence[Bundle]) -> None:
    """Send each bundle's message, to be worked not before its time."""
    now = timezone.now()
    for bundle in bundles:
        wait = (bundle.not_before - now).total_seconds() if bundle.not_before else 0.0
        process_then_deliver(bundle).apply_async(countdown=max(0.0, wait) or None)
