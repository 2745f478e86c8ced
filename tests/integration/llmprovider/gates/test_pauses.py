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
    answer(second)
    fail(second, "rate_limit")
    assert pause(second) <= 2.2


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
