"""Two senders do not post one event; a sender that died is made good."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from assessment.lifecycle.finalising import finalise
from assessment.models import EventDelivery
from assessment.outbox import delivering
from assessment.outbox.delivering import claim, deliver_due
from tests.integration.assessment.essays import batch
from tests.integration.llmprovider.comparisons import at_once
from tests.integration.outbox.events import ended, the_delivery
from tests.integration.outbox.receivers import Receiver, receiving, says
from tests.integration.spine import driving


@pytest.mark.django_db(transaction=True)
def test_senders_at_once_post_each_event_once(receiver: Receiver):
    """P-24, T36"""
    events = {str(ended().event_id) for _ in range(6)}
    at_once(4, deliver_due)
    deliver_due()
    ids = [one.headers["X-Event-Id"] for one in receiver.received]
    assert sorted(ids) == sorted(events)
    assert receiver.most_at_once == 1, "a target has one post at a time"
    assert not EventDelivery.objects.exclude(status="DELIVERED", attempts=1).exists()


@pytest.mark.django_db(transaction=True)
def test_finalising_at_once_tells_a_receiver_once(receiver: Receiver):
    """P-15, P-24"""
    one = driving.answered(driving.started(batch(4)))
    driving.weigh(one)
    assert one.status == "SCORING"
    at_once(3, lambda: finalise(one.pk))
    finalise(one.pk)
    at_once(2, deliver_due)
    (received,) = receiver.received
    assert json.loads(received.body)["batch_id"] == one.pk
    assert EventDelivery.objects.count() == 1


@pytest.mark.django_db
def test_what_a_dead_sender_held_is_sent_when_its_lease_has_run_out(receiver: Receiver):
    """T36: killed between the claim and the post, or between the post and its record."""
    ended()
    assert claim(timezone.now()) is not None
    assert claim(timezone.now()) is None and deliver_due() == 0
    EventDelivery.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert deliver_due() == 1
    assert (the_delivery().attempts, len(receiver.received)) == (2, 1)


@pytest.mark.django_db
def test_what_has_failed_least_comes_first(receiver: Receiver):
    """One event that always fails must not keep the others of its receiver waiting."""
    failing, fresh = ended(), ended()
    long_due = timezone.now() - timedelta(hours=1)
    EventDelivery.objects.filter(event=failing).update(failures=3, next_attempt_at=long_due)
    assert claim(timezone.now()).event == fresh


@pytest.mark.django_db
def test_a_late_failure_does_not_undo_what_another_sender_delivered(send_to):
    with receiving(says(500)) as receiver:
        send_to(receiver.url())
        ended()
        delivery = claim(timezone.now())
        # Its lease runs out, and a second sender succeeds before it knows of its own failure.
        EventDelivery.objects.update(
            leased_until=None, attempts=2, status="DELIVERED", delivered_at=timezone.now()
        )
        delivering._store_failure(delivery, delivering._outcome_of(delivery))
    assert (the_delivery().status, the_delivery().failures) == ("DELIVERED", 0)


@pytest.mark.django_db
def test_a_late_success_counts(receiver: Receiver):
    """The receiver has it, whatever another sender met."""
    ended()
    delivery = claim(timezone.now())
    EventDelivery.objects.update(attempts=2, status="GIVEN_UP", leased_until=None)
    delivering._store_success(delivery, delivering._outcome_of(delivery))
    assert the_delivery().status == "DELIVERED"
