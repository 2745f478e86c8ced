"""Refusals: a bad key, no credit, no such model. What was there before fails without a call."""

import pytest

from llmprovider import gates
from llmprovider.contracts import ErrorType
from llmprovider.gates import Admitted, Refusal, Wait
from llmprovider.models import Gate
from tests.integration.llmprovider.gates.lanes import (
    LANE,
    OTHER,
    SISTER,
    admit,
    admitted,
    answer,
    at,
    fail,
)

pytestmark = pytest.mark.django_db

BAD_KEY = Refusal(ErrorType.AUTHENTICATION, "our words about authentication")


def test_what_was_in_the_queue_before_is_refused_and_later_ones_may_try():
    """T23"""
    fail(10, "invalid_request", outage=True)
    refusal = Refusal(ErrorType.INVALID_REQUEST, "our words about invalid_request")
    assert gates.refused_since(*LANE) == (at(10), refusal)
    assert admit(11, enqueued=9) == admit(11, enqueued=10) == refusal
    assert isinstance(admit(11, enqueued=10.5), Wait)
    assert isinstance(admit(21, enqueued=10.5), Admitted)
    assert isinstance(admit(21, enqueued=10.5), Wait)


def test_a_model_that_is_not_there_is_that_models_trouble():
    fail(10, "invalid_request", outage=True)
    for lane in (SISTER, OTHER):
        assert gates.refused_since(*lane) is None
        assert admit(11, lane, enqueued=9) == Admitted(None)


def test_a_bad_key_is_the_providers_and_not_another_providers():
    """T23"""
    fail(10, "authentication", outage=True)
    for lane in (LANE, SISTER):
        assert gates.refused_since(*lane) == (at(10), BAD_KEY)
        assert admit(11, lane, enqueued=9) == BAD_KEY
    assert admit(11, SISTER, enqueued=12) == Admitted(None)
    assert admit(11, OTHER, enqueued=9) == Admitted(None)


def test_a_missing_right_to_one_model_is_that_models():
    fail(10, "authentication", outage=True, model_only=True)
    assert admit(11, LANE, enqueued=9) == BAD_KEY
    assert admit(11, SISTER, enqueued=9) == Admitted(None)


def test_a_refusing_lane_stays_in_sight_so_that_what_waits_there_is_failed():
    fail(10, "invalid_request", outage=True)
    assert gates.closed_until(at(11)) == {}


def test_a_later_answer_takes_it_back_for_the_whole_provider():
    fail(10, "authentication", outage=True)
    fail(10, "invalid_request", outage=True)
    answer(30, lane=LANE)
    for lane in (LANE, SISTER):
        assert gates.refused_since(*lane) is None
        assert admit(31, lane, enqueued=9) == Admitted(None)


def test_while_it_lasts_one_call_at_a_time_tries_with_no_longer_and_longer_waits():
    fail(0, "authentication", outage=True)
    second = 0.0
    for _ in range(4):
        second += 10.5
        fail(second, "authentication", admitted(second), outage=True)
        wait = admit(second, enqueued=second + 1)
        assert isinstance(wait, Wait)
        assert wait.seconds <= 10


REJECTED = Refusal(ErrorType.INVALID_REQUEST, "our words about invalid_request")


def test_a_judge_that_rejects_every_request_refuses_what_waits():
    """T23: not after the tolerance of an outage, but at once and with what it said."""
    for second in range(4):
        fail(second, "invalid_request")
    fail(4, "rate_limit", retry_after=0.1)  # not looked at, so no sign of anything else
    assert gates.refused_since(*LANE) is None
    fail(5, "invalid_request")
    assert gates.refused_since(*LANE) == (at(5), REJECTED)
    assert admit(6, enqueued=5) == REJECTED
    assert isinstance(admit(6, enqueued=5.5), Wait)
    answer(16, admitted(16))
    assert gates.refused_since(*LANE) is None


@pytest.mark.parametrize("between", ["answer", "server_error", "refusal"])
def test_a_judge_that_rejects_some_requests_refuses_nothing(between):
    for second in range(4):
        fail(second, "invalid_request")
    if between == "answer":
        answer(4)
    else:
        fail(4, between)
    for second in range(4):
        fail(5 + second, "invalid_request")
    assert gates.refused_since(*LANE) is None


def test_an_operators_word_ends_it():
    fail(0, "authentication", outage=True)
    fail(0, "rate_limit", retry_after=600.0)
    gates.reopen(*LANE)
    gates.reopen("anthropic", "")
    assert admit(1, enqueued=0) == Admitted(None)
    assert gates.closed_until(at(1)) == {}
    assert Gate.objects.get(model="large").error_message  # what happened is still to be read
