"""Batches that have ended, and how their events are faring."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from assessment.lifecycle.cancelling import cancel
from assessment.models import Batch, EventDelivery, OutgoingEvent
from assessment.outbox import delivering
from assessment.outbox.delivering import deliver_due
from tests.integration.assessment.essays import batch
from tests.integration.outbox.receivers import Received

SECRET = "planted-secret-of-the-webhook-0123456789"


def ended_batch() -> Batch:
    """The quickest end there is: the batch is cancelled before it starts."""
    one = batch(2)
    assert cancel(one.pk)
    one.refresh_from_db()
    return one


def ended() -> OutgoingEvent:
    return OutgoingEvent.objects.get(batch=ended_batch())


def the_delivery() -> EventDelivery:
    return EventDelivery.objects.get()


def now_due() -> None:
    """The time of the next attempt has come."""
    EventDelivery.objects.update(next_attempt_at=timezone.now())


@contextmanager
def at_one_moment(monkeypatch: pytest.MonkeyPatch) -> Iterator[datetime]:
    """No time passes for senders, so that no wait that begins in the block is over in it."""
    now = timezone.now()
    with monkeypatch.context() as patched:
        patched.setattr(delivering, "timezone", SimpleNamespace(now=lambda: now))
        yield now


def tried_again(times: int = 1) -> EventDelivery:
    """The only delivery after further attempts."""
    for _ in range(times):
        now_due()
        deliver_due()
    return the_delivery()


def wait_of(delivery: EventDelivery) -> timedelta:
    """From now to the next attempt."""
    return delivery.next_attempt_at - timezone.now()


def is_signed(received: Received, secret: str = SECRET) -> bool:
    """The check that docs/events.md tells receivers to make, written on its own."""
    headers = received.headers
    signed = f"{headers['X-Event-Timestamp']}.{headers['X-Event-Id']}.".encode() + received.body
    digits = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v1={digits}", headers["X-Event-Signature"])
