"""What an answer of a receiver means, and when to try again."""

from datetime import UTC, datetime, timedelta

import pytest

from assessment.outbox.retries import (
    LONGEST_WAIT,
    Standing,
    Verdict,
    asked_wait,
    is_hopeless,
    is_of_target,
    verdict_of,
    wait_after,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
NONE = timedelta()


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.DELIVERED),
        (204, Verdict.DELIVERED),
        (301, Verdict.REFUSED),
        (308, Verdict.REFUSED),
        (400, Verdict.REFUSED),
        (404, Verdict.REFUSED),
        (408, Verdict.LATER),
        (410, Verdict.GONE),
        (425, Verdict.LATER),
        (429, Verdict.LATER),
        (500, Verdict.LATER),
        (529, Verdict.LATER),
    ],
)
def test_each_status_has_its_meaning(status, verdict):
    assert verdict_of(status) is verdict


def test_an_error_inside_the_receiver_may_be_of_one_event_only():
    assert not is_of_target(500)
    assert is_of_target(None) and is_of_target(429) and is_of_target(503)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("7", 7),
        (" 7 ", 7),
        ("-7", 0),
        ("soon", 0),
        ("²", 0),
        ("9" * 400, 3600),
        ("Sat, 21 Nov 2026 12:01:30 GMT", 90),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
        ("Sat, 21 Nov 2099 11:00:00 GMT", 3600),
    ],
)
def test_a_wait_asked_for_is_read_and_bounded(header, seconds):
    assert asked_wait(header, NOW) == timedelta(seconds=seconds)


def test_waits_double_up_to_an_hour_and_are_spread_over_half_of_it():
    longest = [wait_after(failures, NONE, 1.0) for failures in range(1, 12)]
    assert longest[:4] == [timedelta(seconds=seconds) for seconds in (15, 30, 60, 120)]
    assert longest[-1] == wait_after(10_000, NONE, 1.0) == LONGEST_WAIT
    assert wait_after(3, NONE, 0.0) == timedelta(seconds=30)


def test_a_wait_is_never_shorter_than_asked_for():
    assert wait_after(1, timedelta(seconds=200), 0.0) == timedelta(seconds=200)
    assert wait_after(8, timedelta(seconds=2), 1.0) == timedelta(seconds=1920)


def test_troubles_that_may_pass_are_waited_for_as_long_as_configured():
    standing = Standing(failures=30, refusals=0, asked_at=NOW)
    assert not is_hopeless(standing, Verdict.LATER, NOW + DAY, DAY)
    assert is_hopeless(standing, Verdict.LATER, NOW + DAY + timedelta(seconds=1), DAY)


def test_what_was_hardly_tried_is_not_given_up_for_its_age():
    standing = Standing(failures=4, refusals=0, asked_at=NOW - 9 * DAY)
    assert not is_hopeless(standing, Verdict.LATER, NOW, DAY)


def test_refusals_are_given_up_after_eight_and_a_receiver_that_is_gone_at_once():
    def standing(refusals: int) -> Standing:
        return Standing(failures=9, refusals=refusals, asked_at=NOW)

    assert not is_hopeless(standing(7), Verdict.REFUSED, NOW, DAY)
    assert is_hopeless(standing(8), Verdict.REFUSED, NOW, DAY)
    assert is_hopeless(standing(0), Verdict.GONE, NOW, DAY)
