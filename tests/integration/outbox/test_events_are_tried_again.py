"""Receivers that fail: what is tried again and when, and what is given up."""

import socket
from datetime import timedelta

import pytest
from django.utils import timezone
from prometheus_client import REGISTRY

from assessment.models import EventDelivery
from assessment.outbox import delivering
from assessment.outbox.delivering import deliver_due
from tests.integration.outbox.events import (
    at_one_moment,
    ended,
    is_signed,
    now_due,
    tried_again,
    wait_of,
)
from tests.integration.outbox.receivers import drips, floods, mumbles, receiving, resets, says

pytestmark = pytest.mark.django_db


def failures_counted() -> float:
    return REGISTRY.get_sample_value("cj_events_delivery_failures_total") or 0.0


@pytest.mark.parametrize(
    ("failing", "status", "problem"),
    [
        (says(500), 500, ""),
        (says(503), 503, ""),
        (says(408), 408, ""),
        (resets, None, "connection"),
        (mumbles, None, "invalid_answer"),
    ],
    ids=["500", "503", "408", "reset", "no HTTP"],
)
def test_a_failure_that_may_pass_is_tried_again_with_the_same_bytes(
    send_to, monkeypatch, failing, status, problem
):
    with receiving(failing, says(204)) as receiver:
        send_to(receiver.url())
        event = ended()
        with at_one_moment(monkeypatch) as now:
            assert deliver_due() == 0
            delivery = EventDelivery.objects.get()
            assert (delivery.status, delivery.attempts) == ("PENDING", 1)
            assert (delivery.last_status, delivery.last_problem) == (status, problem)
            assert delivery.leased_until is None
            assert timedelta(seconds=1) < delivery.next_attempt_at - now <= timedelta(seconds=31)
            assert deliver_due() == 0 and len(receiver.received) == 1, "it is not due yet"
        now_due()
        assert deliver_due() == 1
        first, second = receiver.received
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, delivery.last_status) == ("DELIVERED", 2, 204)
    assert delivery.last_problem == ""
    assert first.body == second.body and is_signed(first) and is_signed(second)
    assert {one.headers["X-Event-Id"] for one in (first, second)} == {str(event.event_id)}


def test_nobody_at_the_door_is_tried_again(send_to):
    with socket.socket() as taken:  # while the test lasts, and nobody listens
        taken.bind(("127.0.0.1", 0))
        send_to(f"http://127.0.0.1:{taken.getsockname()[1]}/")
        ended()
        assert deliver_due() == 0
    assert EventDelivery.objects.get().last_problem == "connection"


def test_an_answer_that_never_ends_is_cut_off(send_to, monkeypatch):
    monkeypatch.setattr(delivering, "ATTEMPT_SECONDS", 0.4)
    with receiving(drips) as receiver:
        send_to(receiver.url())
        ended()
        assert deliver_due() == 0
    assert EventDelivery.objects.get().last_problem == "timeout"


def test_nothing_of_a_reply_is_read_beyond_its_head(send_to):
    with receiving(floods) as receiver:
        send_to(receiver.url())
        ended()
        assert deliver_due() == 1


@pytest.mark.parametrize(("header", "least", "most"), [("90", 80, 90), ("999999", 3500, 3600)])
def test_a_wait_asked_for_is_kept_within_an_hour(send_to, monkeypatch, header, least, most):
    with receiving(says(429, Retry_After=header)) as receiver:
        send_to(receiver.url())
        ended()
        with at_one_moment(monkeypatch) as now:
            deliver_due()
        wait = EventDelivery.objects.get().next_attempt_at - now
        assert least < wait.total_seconds() <= most


def test_waits_grow_with_each_failure(send_to):
    with receiving(says(500)) as receiver:
        send_to(receiver.url())
        ended()
        assert wait_of(tried_again(6)) > timedelta(minutes=3)
        assert wait_of(tried_again(6)) > timedelta(minutes=25)


def test_each_failure_is_counted(send_to):
    with receiving(says(500), resets, says(200)) as receiver:
        send_to(receiver.url())
        ended()
        before = failures_counted()
        tried_again(3)
        assert failures_counted() == before + 2


def test_a_refusal_is_given_up_after_eight_times(send_to):
    with receiving(says(404)) as receiver:
        send_to(receiver.url())
        ended()
        assert tried_again(7).status == "PENDING"
        assert tried_again(1).status == "GIVEN_UP"
        tried_again(2)
        assert len(receiver.received) == 8


def test_a_receiver_that_is_gone_is_asked_once(send_to):
    with receiving(says(410)) as receiver:
        send_to(receiver.url())
        ended()
        assert tried_again(3).status == "GIVEN_UP"
        assert len(receiver.received) == 1


def test_a_receiver_that_fails_for_a_day_is_given_up(send_to):
    with receiving(says(500)) as receiver:
        send_to(receiver.url())
        ended()
        assert tried_again(8).status == "PENDING"
        # The next wait may be a whole hour.
        EventDelivery.objects.update(asked_at=timezone.now() - timedelta(hours=22))
        assert tried_again(1).status == "PENDING"
        EventDelivery.objects.update(asked_at=timezone.now() - timedelta(hours=24))
        assert tried_again(1).status == "GIVEN_UP"


def test_how_long_is_a_setting(send_to):
    with receiving(says(500)) as receiver:
        send_to(receiver.url(), GIVE_UP_HOURS=0.001)
        ended()
        assert tried_again(4).status == "PENDING"
        assert tried_again(1).status == "GIVEN_UP"


def test_a_redirect_is_not_followed(send_to):
    """T38: it could lead anywhere."""
    with receiving() as elsewhere, receiving(says(307, Location=elsewhere.url())) as receiver:
        send_to(receiver.url())
        ended()
        assert deliver_due() == 0
        assert elsewhere.received == [] and len(receiver.received) == 1
    delivery = EventDelivery.objects.get()
    assert (delivery.last_status, delivery.refusals) == (307, 1)


def test_while_nobody_is_there_other_events_do_not_find_out_one_by_one(send_to):
    with receiving(says(503), says(200)) as receiver:
        send_to(receiver.url())
        events = [ended() for _ in range(3)]
        assert deliver_due() == 0
        assert len(receiver.received) == 1
        assert sum(EventDelivery.objects.values_list("attempts", flat=True)) == 1
        now_due()
        assert deliver_due() == len(events)


def test_an_event_that_always_fails_keeps_no_other_waiting(send_to):
    with receiving(says(500), says(200), says(200), says(500)) as receiver:
        send_to(receiver.url())
        for _ in range(3):
            ended()
        assert deliver_due() == 2
        first = receiver.received[0].headers["X-Event-Id"]
        assert str(EventDelivery.objects.get(status="PENDING").event.event_id) == first
