"""Messages: tickets for one call each, and results to take home. Losing one loses nothing.

A ticket names a bundle, yet whoever holds it works the bundle whose turn it is: see `turns`.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from celery import chain, current_app
from django.utils import timezone
from kombu.exceptions import OperationalError

from llmprovider.contracts.log_events import tell
from llmprovider.models import Bundle

log = logging.getLogger(__name__)

# A ticket whose work is due within this comes back by itself; for a longer wait it ends, and the
# clean-up sends a new one in time.
SLOT = timedelta(seconds=120)


def process_then_deliver(bundle: Bundle, *, goes_on: bool = False) -> chain:
    """Work one call, then take its results home.

    `goes_on`: after it another ticket like it is sent, until there is nothing left to do.
    """
    return chain(
        current_app.signature(
            "llmprovider.process_bundle",
            args=[str(bundle.pk)],
            kwargs={"goes_on": True} if goes_on else {},
        ),
        current_app.signature(bundle.on_results),
    )


def deliver(parcel: object, on_results: str) -> None:
    """Take what is finished of a bundle, or of a "job:<id>", home, outside any chord."""
    send(lambda: current_app.send_task(on_results, args=[str(parcel)], ignore_result=True))


def announce(bundle: Bundle, *, goes_on: bool = False) -> None:
    """Send a ticket for the bundle, to be worked not before its time."""
    wait = max(0.0, (bundle.not_before - timezone.now()).total_seconds())
    ticket = process_then_deliver(bundle, goes_on=goes_on)
    send(lambda: ticket.apply_async(countdown=wait or None))


def announce_all(bundles: Sequence[Bundle]) -> None:
    """Send a ticket for each bundle."""
    for bundle in bundles:
        announce(bundle)


def send(publish: Callable[[], object]) -> None:
    """A broker that is away must not fail what the database has already agreed to."""
    try:
        publish()
    except OperationalError:
        tell(
            log,
            logging.WARNING,
            "broker_unreachable",
            "the broker cannot be reached; the clean-up will send this again",
        )
