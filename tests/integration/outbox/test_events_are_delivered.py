"""The end of a batch reaches each receiver, once, signed, as it was stored."""

import json
import re
import time

import pytest
from django.conf import settings
from django.utils import timezone

from assessment.lifecycle.cancelling import cancel
from assessment.models import EventDelivery, OutgoingEvent, events
from assessment.outbox.delivering import deliver_due
from assessment.outbox.messages import DELIVER_EVENTS
from assessment.tasks import deliver_events
from cjproject.celery import app
from tests.conftest import PROJECT
from tests.integration.api.messages import take_messages
from tests.integration.assessment.essays import batch
from tests.integration.outbox.events import ended, ended_batch, is_signed, the_delivery
from tests.integration.outbox.receivers import Receiver, receiving
from tests.integration.spine import driving

SWEEPS = 60.0


@pytest.mark.django_db
def test_a_completed_batch_is_told_once_and_signed(receiver: Receiver):
    one = driving.run(batch(4, 2))
    event = OutgoingEvent.objects.get(batch=one)
    assert deliver_due() == 1
    assert deliver_due() == 0
    (received,) = receiver.received
    assert received.path == "/events"
    assert json.loads(received.body) == event.document
    assert event.document["status"] == "COMPLETED" and len(event.document["results"]) == 6
    assert received.headers["X-Event-Id"] == str(event.event_id) == event.document["event_id"]
    assert received.headers["Content-Type"] == "application/json"
    assert abs(int(received.headers["X-Event-Timestamp"]) - time.time()) < 600
    assert is_signed(received) and not is_signed(received, "another secret")
    delivery = the_delivery()
    assert (delivery.status, delivery.attempts, delivery.last_status) == ("DELIVERED", 1, 200)
    assert delivery.delivered_at <= timezone.now() and delivery.leased_until is None


@pytest.mark.django_db
def test_the_manual_names_every_field():
    document = OutgoingEvent.objects.get(batch=driving.run(batch(3, 2))).document
    manual = (PROJECT / "docs/events.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", manual))
    fields = {*document, *document["measurement"], *document["results"][0]}
    assert fields - named == set()


@pytest.mark.django_db
def test_each_receiver_gets_it_and_none_keeps_another_from_it(send_to):
    with receiving() as first, receiving() as second:
        send_to(first.url("/a?key=b"), "http://127.0.0.1:1/", second.url())
        ended()
        assert deliver_due() == 2
        assert [one.path for one in first.received] == ["/a?key=b"]
        assert len(second.received) == 1
        assert second.received[0].body == first.received[0].body
    assert sorted(EventDelivery.objects.values_list("status", flat=True)) == [
        "DELIVERED",
        "DELIVERED",
        "PENDING",
    ]


@pytest.mark.django_db
def test_without_a_receiver_nothing_waits_to_be_sent(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        ended()
    assert not EventDelivery.objects.exists()
    assert DELIVER_EVENTS not in [name for name, _ in take_messages()]
    assert deliver_due() == 0


@pytest.mark.django_db
def test_end_event_and_deliveries_are_stored_together_or_not_at_all(monkeypatch, receiver):
    """P-23"""
    one = batch(2)

    def killed(event: OutgoingEvent) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(events, "plan", killed)
        with pytest.raises(KeyboardInterrupt):
            cancel(one.pk)
    one.refresh_from_db()
    assert one.status == "PENDING"
    assert not OutgoingEvent.objects.exists() and not EventDelivery.objects.exists()
    assert cancel(one.pk) and not cancel(one.pk)
    assert deliver_due() == 1 and len(receiver.received) == 1


@pytest.mark.django_db(transaction=True)
def test_with_the_broker_away_at_the_end_the_sweep_delivers(monkeypatch, receiver):
    """T35"""
    with monkeypatch.context() as away:
        away.setattr(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
        away.setattr(app.amqp, "_producer_pool", None)
        one = ended_batch()
    assert one.status == "CANCELLED" and receiver.received == []
    assert DELIVER_EVENTS not in [name for name, _ in take_messages()]
    swept = [entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()]
    assert DELIVER_EVENTS in swept
    deliver_events()
    assert len(receiver.received) == 1 and the_delivery().status == "DELIVERED"


@pytest.mark.django_db(transaction=True)
def test_the_end_asks_for_delivery_at_once_where_nothing_else_is_kept_waiting(receiver):
    ended()
    queue = app.amqp.router.route({}, DELIVER_EVENTS)["queue"]
    assert queue.name == "jobs"
    assert (DELIVER_EVENTS, []) in take_messages()


def test_workers_deliver_what_ends_and_what_ended_before(receiver, stack):
    """T35, P-25: the first message is lost with the broker, the row is not. The workers read it
    through connections of their own, and so does this test what they write.
    """
    lost = ended()
    take_messages()
    told = ended()
    deadline = time.monotonic() + SWEEPS
    done = EventDelivery.objects.filter(status="DELIVERED")
    while time.monotonic() < deadline and done.count() < 2:
        time.sleep(0.05)
    ids = sorted(one.headers["X-Event-Id"] for one in receiver.received)
    assert ids == sorted(str(event.event_id) for event in (lost, told))
