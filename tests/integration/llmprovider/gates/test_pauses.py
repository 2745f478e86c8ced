"""A provider that asks to be left alone is left alone, and nobody else with it."""

import pytest

from llmprovider import gates
from tests.integration.llmprovider.gates.lanes import (
    LANE,
    OTHER,
    SISTER,
    admitted,
    answer,
    at,
    fail,
    waits,
)

pytestmark = pytest.mark.django_db


def pause(second: float) -> float:
    return (gates.closed_until(at(second))[LANE] - at(second)).total_seconds()


@pytest.mark.parametrize(
    ("asked", "least"), [(0.5, 0.5), (300.0, 300.0), (3_000.0, 3_000.0), (90_000.0, 3_600.0)]
)
def test_it_is_left_alone_for_all_of_the_time_it_asked_for(asked, least):
    """T8: up to RETRY_AFTER_MAX_SECONDS, and a tenth more at most, so that not all wake at once."""
    fail(0, "rate_limit", retry_after=asked)
    assert least <= pause(0) <= 1.1 * least
    assert waits(0).reason == "retry_after"
    admitted(1.1 * least + 1)


def test_other_models_and_providers_go_on():
    """T8, T9"""
    fail(0, "rate_limit", retry_after=60.0)
    assert admitted(0, SISTER) is admitted(0, OTHER) is None


def test_without_a_word_of_how_long_it_is_longer_each_time_up_to_a_bound():
    second, before = 0.0, 0.0
    for number in range(9):
        fail(second, "rate_limit")
        length = pause(second)
        expected = min(2.0 * 2**number, 120.0)
        assert expected <= length <= 1.1 * expected
        assert length > before or expected == 120.0
        second, before = second + length + 1, length


def test_an_answer_halves_the_next_pause_and_does_not_forget_it():
    """One call was let through: that is no sign that eight would be."""
    second = 0.0
    for _ in range(4):
        fail(second, "rate_limit")
        second += pause(second) + 1
    answer(second, admitted(second))
    fail(second, "rate_limit")
    assert 8 <= pause(second) <= 8.8
    second += 10
    answer(second, admitted(second))
    for _ in range(4):
        answer(second)
    fail(second, "rate_limit")
    assert pause(second) <= 2.2


def test_after_a_pause_one_call_shows_whether_it_was_long_enough():
    """T8: until it is answered nobody else asks, as not all would be served."""
    fail(0, "rate_limit")
    probe = admitted(3)
    assert probe is not None
    assert waits(3).reason == "retry_after"
    assert list(gates.closed_until(at(3))) == [LANE]
    answer(4, probe)
    assert gates.closed_until(at(4)) == {}
    assert admitted(4) is admitted(4) is None


def test_that_call_turned_away_is_the_next_pause():
    fail(0, "rate_limit")
    fail(4, "rate_limit", admitted(3))
    assert 4 <= pause(4) <= 4.4
    answer(10, admitted(10))
    assert admitted(11) is None


@pytest.mark.parametrize("end", ["server_error", "nobody knows"])
def test_where_that_call_tells_nothing_the_next_one_shows_it(end):
    fail(0, "rate_limit")
    probe = admitted(3)
    if end == "nobody knows":
        gates.settle(*LANE, probe, at(4))
    else:
        fail(4, end, probe)
    assert admitted(4) not in (None, probe)
    assert waits(4).reason == "retry_after"


def test_a_call_from_before_the_pause_shows_nothing():
    fail(0, "rate_limit")
    answer(1)
    assert waits(1).reason == "retry_after"
    probe = admitted(3)
    answer(4)
    assert waits(4).reason == "retry_after"
    answer(5, probe)
    assert admitted(5) is None


def test_a_longer_word_heard_meanwhile_holds_after_the_answer():
    fail(0, "rate_limit")
    probe = admitted(3)
    fail(4, "rate_limit", retry_after=60.0)
    answer(5, probe)
    assert pause(5) >= 59


def test_calls_turned_away_together_are_one_pause():
    for _ in range(8):
        fail(0, "rate_limit")
    assert pause(0) <= 2.2


def test_an_overloaded_provider_that_says_how_long_is_heard():
    fail(0, "overloaded", retry_after=30.0)
    assert pause(0) >= 30


def test_a_shorter_word_does_not_end_a_longer_pause():
    fail(0, "rate_limit", retry_after=60.0)
    fail(1, "rate_limit", retry_after=2.0)
    assert pause(1) >= 59


@pytest.mark.parametrize(
    ("error_type", "about"),
    [("rate_limit", {"size": True}), ("authentication", {"outage": True})],
)
def test_what_time_does_not_mend_is_no_pause(error_type, about):
    fail(0, error_type, retry_after=3_000.0, **about)
    admitted(11)
