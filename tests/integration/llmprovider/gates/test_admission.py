"""Admission: what is let through, what waits, and what nothing is asked of."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from llmprovider import gates
from llmprovider.gates import Admitted, Need
from llmprovider.gates.rate_windows import LOOK_AGAIN_SECONDS, WINDOW_SECONDS
from llmprovider.models import Gate, Grant
from llmprovider.providers.base import LimitKind
from tests.integration.llmprovider.gates.lanes import (
    LANE,
    OTHER,
    SISTER,
    admit,
    admitted,
    answer,
    at,
    fail,
    left,
    limit,
    waits,
)

pytestmark = pytest.mark.django_db


def test_where_nothing_limits_a_call_costs_two_reads():
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert admit(0) == Admitted(None)
        answer(1)
    assert [query["sql"][:6] for query in queries] == ["SELECT", "SELECT"]
    assert not Gate.objects.exists()


def test_a_call_that_fits_is_granted_and_one_too_many_waits(monkeypatch):
    """T10"""
    limit(monkeypatch, anthropic={"requests_per_minute": 3})
    for number in range(3):
        assert admitted(number * 11) is not None
    wait = waits(33)
    assert (wait.reason, wait.seconds) == ("requests_per_minute", pytest.approx(30, abs=0.5))
    assert Grant.objects.count() == 3
    admitted(WINDOW_SECONDS + 1)


def test_what_was_really_used_replaces_what_was_reserved(monkeypatch):
    limit(monkeypatch, anthropic={"output_tokens_per_minute": 1_000})
    grants = [admitted(0), admitted(1)]
    assert waits(2).seconds == LOOK_AGAIN_SECONDS
    for grant in grants:
        answer(3, grant, tokens=(900, 100))
    admitted(4)
    assert set(Grant.objects.values_list("output_tokens", flat=True)) == {100, 500}


def test_a_call_turned_away_counts_as_a_request_but_used_no_tokens(monkeypatch):
    limit(monkeypatch, anthropic={"requests_per_minute": 1, "tokens_per_minute": 1_500})
    fail(1, "overloaded", admitted(0))
    assert waits(20).reason == "requests_per_minute"
    assert Grant.objects.values_list("input_tokens", "output_tokens").get() == (0, 0)


def test_a_call_that_timed_out_may_have_used_all_it_reserved(monkeypatch):
    limit(monkeypatch, anthropic={"tokens_per_minute": 1_500})
    fail(1, "timeout", admitted(0))
    assert waits(20).reason == "tokens_per_minute"


def test_calls_at_one_time_are_bounded_and_a_dead_worker_gives_its_place_back(monkeypatch):
    limit(monkeypatch, anthropic={"concurrency": 2})
    first = admitted(0)
    admitted(1)
    assert waits(2).reason == "concurrency"
    answer(3, first)
    admitted(4)
    assert waits(5).reason == "concurrency"
    admitted(2 + 600)  # the lease of the second, which was never settled, has run out
    assert waits(2 + 600.5).reason == "concurrency"


def test_each_model_has_the_limits_of_its_provider_by_itself(monkeypatch):
    limit(monkeypatch, anthropic={"requests_per_minute": 1}, openai={"requests_per_minute": 1})
    for lane in (LANE, SISTER, OTHER):
        admitted(0, lane)
        waits(20, lane)


def test_a_call_larger_than_a_minute_allows_does_not_wait_for_ever(monkeypatch):
    limit(monkeypatch, anthropic={"input_tokens_per_minute": 500})
    grant = admitted(0)
    answer(1, grant)
    assert waits(20, need=Need(10, 10)).seconds <= WINDOW_SECONDS
    admitted(WINDOW_SECONDS + 1)


def test_a_vendors_own_limit_keeps_a_call_waiting_until_it_has_refilled():
    answer(0, admitted(0), limits=[left(LimitKind.INPUT_TOKENS, 6_000, 400)])
    assert (waits(0).reason, waits(0).seconds) == (
        "vendor_input_tokens",
        pytest.approx(6, abs=0.5),
    )
    admitted(0, SISTER)
    admitted(7)


def test_calls_of_all_workers_share_what_a_vendor_has_left():
    answer(0, limits=[left(LimitKind.REQUESTS, 60, 2)])
    admitted(0)
    admitted(0)
    assert waits(0).reason == "vendor_requests"


def test_the_headers_of_an_error_count_too():
    fail(0, "rate_limit", retry_after=0.1, limits=(left(LimitKind.REQUESTS, 6, 0),))
    assert waits(0.5).reason == "vendor_requests"


def test_a_lane_that_is_full_is_not_worth_picking(monkeypatch):
    limit(monkeypatch, anthropic={"requests_per_minute": 1})
    admitted(0)
    assert gates.closed_until(at(1)) == {}
    wait = waits(20)
    (until,) = gates.closed_until(at(21)).values()
    assert until - at(20) == pytest.approx(
        timedelta(seconds=wait.seconds), abs=timedelta(seconds=0.5)
    )
    assert gates.closed_until(until) == {}


def test_old_grants_go(monkeypatch):
    limit(monkeypatch, anthropic={"requests_per_minute": 1_000})
    for minute in range(12):
        answer(60 * minute + 1, admitted(60 * minute))
        admitted(60 * minute)  # never settled
    assert Grant.objects.filter(finished_at__isnull=False).count() <= 3
    admitted(60 * 60)
    assert Grant.objects.count() == 1


def test_settling_twice_changes_nothing(monkeypatch):
    limit(monkeypatch, anthropic={"tokens_per_minute": 100_000})
    grant = admitted(0)
    answer(1, grant, tokens=(10, 10))
    answer(2, grant, tokens=(99, 99))
    fail(3, "overloaded", grant)
    assert Grant.objects.values_list("input_tokens", "finished_at").get() == (10, at(1))
    assert Gate.objects.get().failures == 0
