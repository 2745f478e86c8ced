"""The admin shows how events fare, and sends one again: same id, same bytes."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessment.models import EventDelivery
from assessment.outbox.delivering import claim, deliver_due
from assessment.outbox.messages import DELIVER_EVENTS
from tests.integration.admin.pages import list_url, page
from tests.integration.api.messages import take_messages
from tests.integration.outbox.events import ended, is_signed, the_delivery, tried_again
from tests.integration.outbox.receivers import Receiver, receiving, says

pytestmark = pytest.mark.django_db

LIST = list_url("assessment_outgoingevent")


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("boss"))
    return client


def send_again(client: Client, *ids: int) -> str:
    answer = client.post(
        LIST, {"action": "send_selected_again", "_selected_action": list(ids)}, follow=True
    )
    return answer.content.decode()


def page_of(pk: int) -> str:
    return reverse("admin:assessment_outgoingevent_change", args=[pk])


def test_what_is_sent_again_is_the_same(
    admin: Client, receiver: Receiver, django_capture_on_commit_callbacks
):
    """P-24"""
    event = ended()
    deliver_due()
    with django_capture_on_commit_callbacks(execute=True):
        told = send_again(admin, event.pk)
    assert f"To be sent again: the events of batch {event.batch_id}" in told
    assert (DELIVER_EVENTS, []) in take_messages()
    assert deliver_due() == 1 and deliver_due() == 0
    first, second = receiver.received
    assert first.body == second.body
    assert first.headers["X-Event-Id"] == second.headers["X-Event-Id"] == str(event.event_id)
    assert is_signed(second)
    assert LogEntry.objects.get().change_message == "Sent again."


def test_what_was_given_up_gets_all_its_attempts_again(admin: Client, send_to):
    with receiving(*[says(404)] * 15, says(200)) as receiver:
        send_to(receiver.url())
        event = ended()
        assert tried_again(9).status == "GIVEN_UP"
        send_again(admin, event.pk)
        assert tried_again(7).status == "PENDING"
        assert tried_again(1).status == "DELIVERED"


def test_what_ended_before_there_was_a_receiver_can_be_sent_to_it(admin: Client, send_to):
    event = ended()
    assert "Left as they are: 1." in send_again(admin, event.pk)
    with receiving() as receiver:
        send_to(receiver.url())
        send_again(admin, event.pk)
        assert deliver_due() == 1


def test_what_is_being_sent_is_left_alone(admin: Client, receiver: Receiver):
    event = ended()
    assert claim(timezone.now()) is not None
    assert "Left as they are: 1." in send_again(admin, event.pk)
    assert the_delivery().leased_until is not None


def test_only_who_may_change_events_sends_them_again(client: Client, receiver: Receiver):
    event = ended()
    deliver_due()
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(
        *Permission.objects.filter(codename__in=["view_outgoingevent", "view_eventdelivery"])
    )
    client.force_login(reader)
    assert str(event.event_id) in page(client, LIST)
    assert "Send selected events again" not in page(client, LIST)
    send_again(client, event.pk)
    assert the_delivery().status == "DELIVERED" and deliver_due() == 0
    client.logout()
    assert client.post(LIST, {"action": "send_selected_again"}).status_code == 302


def test_the_pages_tell_how_each_delivery_fares(admin: Client, send_to):
    with receiving(says(500)) as receiver:
        send_to(receiver.url("/path-is-secret"))
        event = ended()
        assert "pending" in page(admin, LIST)
        deliver_due()
        shown = page(admin, LIST)
        assert "pending, tried once, last answer: HTTP 500" in shown
        details = page(admin, page_of(event.pk))
        assert f"127.0.0.1:{receiver.port}" in details and "HTTP 500" in details
        for text in (shown, details):
            assert "path-is-secret" not in text
        EventDelivery.objects.all().delete()
        assert "no receiver was configured" in page(admin, LIST)


def test_events_can_be_found_by_how_they_fare(admin: Client, send_to):
    with receiving() as receiver:
        send_to(receiver.url("/a"), receiver.url("/b"))
        ended()
        deliver_due()
        waiting = ended()
        found = page(admin, LIST, deliveries__status__exact="PENDING")
    assert found.count('<th class="field-') == 1 and str(waiting.event_id) in found


def test_nothing_of_it_can_be_edited(admin: Client, receiver: Receiver):
    event = ended()
    before = EventDelivery.objects.values().get()
    sent = {"kind": "batch.failed", "deliveries-0-target": "https://evil.test/"}
    assert admin.post(page_of(event.pk), sent).status_code == 403
    assert 'name="_save"' not in page(admin, page_of(event.pk))
    assert EventDelivery.objects.values().get() == before
    event.refresh_from_db()
    assert event.kind == "batch.cancelled"
