"""The circuit of a provider and model: what opens it, who may try, and what closes it."""

from datetime import timedelta

import pytest
from django.db import transaction

from llmprovider import gates
from llmprovider.contracts import ErrorType
from llmprovider.gates import Admitted
from llmprovider.models import Gate
from tests.integration.llmprovider.comparisons import at_once
from tests.integration.llmprovider.gates.lanes import (
    LANE,
    OTHER,
    SISTER,
    admit,
    admitted,
    answer,
    at,
    fail,
    open_the_circuit,
    waits,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("error_type", ["overloaded", "server_error", "timeout", "connection"])
def test_failures_in_a_row_open_it(error_type):
    """T23, T24"""
    for second in range(4):
        fail(second, error_type)
    assert admit(4) == Admitted(None)
    fail(4, error_type)
    wait = waits(5)
    assert wait.reason == "circuit"
    assert wait.seconds == pytest.approx(9, abs=0.5)
    assert gates.closed_until(at(5)) == {LANE: at(14)}


@pytest.mark.parametrize(
    ("error_type", "about"),
    [
        ("refusal", {}),
        ("invalid_response", {}),
        ("rate_limit", {"retry_after": 0.1}),
        ("invalid_request", {"size": True}),
    ],
)
def test_what_a_working_provider_says_does_not_open_it(error_type, about):
    for second in range(8):
        fail(second, error_type, **about)
    assert admitted(9) is None or error_type == "rate_limit"


def test_an_answer_in_between_begins_the_count_anew():
    for second in range(4):
        fail(second, "server_error")
    answer(4)
    fail(5, "server_error")
    assert admit(6) == Admitted(None)
    assert Gate.objects.get().failures == 1


def test_other_lanes_are_not_touched():
    """T9"""
    open_the_circuit()
    assert admit(1, SISTER) == admit(1, OTHER) == Admitted(None)


@pytest.mark.django_db(transaction=True)
def test_eight_workers_racing_send_one_probe():
    """T24"""
    open_the_circuit()
    found = []

    def ask() -> None:
        with transaction.atomic():
            found.append(admit(11))

    at_once(8, ask)
    assert sum(isinstance(one, Admitted) for one in found) == 1
    assert len(found) == 8


def test_a_probe_that_is_served_closes_it():
    """T24"""
    open_the_circuit()
    probe = admitted(11)
    assert waits(12).reason == "circuit"
    assert list(gates.closed_until(at(12))) == [LANE]
    answer(13, probe)
    assert gates.closed_until(at(13)) == {}
    assert admit(13) == Admitted(None)


def test_a_probe_that_fails_opens_it_for_twice_as_long():
    """T24"""
    open_the_circuit()
    fail(12, "timeout", admitted(11))
    assert gates.closed_until(at(13)) == {LANE: at(32)}
    gate = Gate.objects.get()
    assert (gate.opened_at, gate.error_type) == (at(0), "timeout")


@pytest.mark.parametrize("end", ["rate_limit", "nobody knows"])
def test_a_probe_that_told_nothing_leaves_room_for_the_next(end):
    open_the_circuit()
    probe = admitted(11)
    if end == "rate_limit":
        fail(12, "rate_limit", probe, retry_after=1.0)
    else:
        gates.settle(*LANE, probe, at(12))
    assert admitted(14) not in (None, probe)


def test_a_probe_whose_worker_died_is_given_up():
    open_the_circuit()
    admitted(11)
    assert waits(11 + 599).reason == "circuit"
    admitted(12 + 600)
    assert waits(12 + 601).reason == "circuit"


def test_an_outage_is_one_after_the_tolerance_and_says_why():
    tolerance = timedelta(seconds=900)
    open_the_circuit()
    second = 11.0
    while second < 880:
        fail(second, "overloaded", admitted(second))
        assert gates.outages(at(second), tolerance) == []
        second = (Gate.objects.get().open_until - at(0)).total_seconds() + 1
    fail(second, "server_error", admitted(second))
    (outage,) = gates.outages(at(second + 60), tolerance)
    assert (outage.provider, outage.model, outage.since) == (*LANE, at(0))
    assert outage.error_type is ErrorType.SERVER_ERROR
    assert outage.message == "our words about server_error"


def test_a_circuit_left_open_yesterday_is_no_outage_today():
    """Nobody asked since; whoever comes now has the whole tolerance before him."""
    open_the_circuit()
    today = 86_400
    assert gates.outages(at(today), timedelta(seconds=900)) == []
    fail(today + 1, "overloaded", admitted(today))
    assert gates.outages(at(today + 2), timedelta(seconds=900)) == []
    assert gates.closed_until(at(today + 2)) == {LANE: at(today + 11)}
