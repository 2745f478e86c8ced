"""Rate windows: never above a limit in any minute, and little below it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmprovider.gates.rate_windows import (
    LOOK_AGAIN_SECONDS,
    WINDOW_SECONDS,
    GrantedCall,
    Need,
    delay_for,
)
from llmprovider.providers.base import LimitKind
from llmprovider.rate_limits import RateLimits
from tests.unit.llmprovider.gates.streams import Load, at, most_in_a_minute, per_minute, stream

MINUTES_20 = 1200.0


@settings(max_examples=25, deadline=None)
@given(
    requests=st.integers(1, 120),
    input_tokens=st.integers(2_000, 60_000),
    output_tokens=st.integers(2_000, 60_000),
    tokens=st.integers(4_000, 90_000),
    concurrency=st.integers(1, 12),
    seed=st.integers(0, 2**32),
)
def test_no_minute_holds_more_than_its_limits(
    requests: int, input_tokens: int, output_tokens: int, tokens: int, concurrency: int, seed: int
) -> None:
    """T10: as the server counts, with calls that arrive up to 2.9 s after they were granted."""
    limits = RateLimits(
        requests_per_minute=requests,
        input_tokens_per_minute=input_tokens,
        output_tokens_per_minute=output_tokens,
        tokens_per_minute=tokens,
        concurrency=concurrency,
    )
    load = Load(
        input_tokens=(50, 1_900),
        reserved_output=2_000,
        output_tokens=(20, 2_000),
        call_seconds=(0.1, 20.0),
    )
    counted = stream(limits, load, 400, seed)
    for kind, limit in limits.per_minute().items():
        assert most_in_a_minute(counted[kind]) <= limit


@pytest.mark.parametrize("limit", [1, 3, 7, 10, 50, 61, 240])
def test_requests_flow_at_nine_tenths_of_their_limit(limit: int) -> None:
    """T10"""
    counted = stream(
        RateLimits(requests_per_minute=limit), Load(workers=24), MINUTES_20, seed=limit
    )[LimitKind.REQUESTS]
    assert 0.9 * limit <= per_minute(counted, MINUTES_20) <= limit
    assert most_in_a_minute(counted) <= limit


@pytest.mark.parametrize(
    "limits",
    [RateLimits(input_tokens_per_minute=40_000), RateLimits(tokens_per_minute=40_000)],
    ids=["input", "both"],
)
def test_tokens_flow_at_nine_tenths_of_their_limit(limits: RateLimits) -> None:
    """T10"""
    load = Load(
        input_tokens=(300, 900),
        reserved_output=100,
        output_tokens=(20, 60),
        call_seconds=(0.2, 2.0),
        lag_seconds=0.2,
    )
    counted = stream(limits, load, MINUTES_20, seed=5)
    ((kind, limit),) = limits.per_minute().items()
    assert 0.9 * limit <= per_minute(counted[kind], MINUTES_20) <= limit


def test_a_minutes_allowance_is_not_one_burst() -> None:
    limits = RateLimits(requests_per_minute=100)
    counted = stream(limits, Load(workers=60, lag_seconds=0.0), 10, seed=1)
    assert len(counted[LimitKind.REQUESTS]) == 20


def test_calls_under_way_are_counted() -> None:
    running = [GrantedCall(at(second), 10, 10, None) for second in range(3)]
    need = Need(10, 10)
    assert delay_for(need, running, RateLimits(concurrency=4), at(5)).seconds == 0
    delay = delay_for(need, running, RateLimits(concurrency=3), at(5))
    assert (delay.seconds, delay.reason) == (LOOK_AGAIN_SECONDS, "concurrency")


def test_the_wait_is_until_enough_has_left_the_window() -> None:
    calls = [GrantedCall(at(20 * number), 400, 0, at(20 * number + 1)) for number in range(3)]
    limits = RateLimits(input_tokens_per_minute=1_200)
    one = delay_for(Need(300, 0), calls, limits, at(45))
    two = delay_for(Need(800, 0), calls, limits, at(45))
    assert (one.seconds, two.seconds) == (WINDOW_SECONDS - 45, WINDOW_SECONDS + 20 - 45)
    assert one.reason == "input_tokens_per_minute"


def test_output_counts_until_a_minute_after_its_call_has_ended() -> None:
    """The server may count it as late as that."""
    limits = RateLimits(output_tokens_per_minute=100)
    ended = [GrantedCall(at(0), 0, 80, at(50))]
    assert delay_for(Need(0, 80), ended, limits, at(70)).seconds == 50 + WINDOW_SECONDS - 70


def test_what_is_reserved_may_be_given_back_any_moment() -> None:
    limits = RateLimits(output_tokens_per_minute=100)
    running = [GrantedCall(at(0), 0, 80, None)]
    assert delay_for(Need(0, 80), running, limits, at(3)).seconds == LOOK_AGAIN_SECONDS


@pytest.mark.parametrize("kind", ["input_tokens_per_minute", "tokens_per_minute"])
def test_a_call_larger_than_a_whole_minute_goes_alone(kind: str) -> None:
    limits = RateLimits.model_validate({kind: 1_000})
    large = Need(5_000, 10)
    before = [GrantedCall(at(0), 1, 0, at(1))]
    assert delay_for(large, [], limits, at(0)).seconds == 0
    assert 0 < delay_for(large, before, limits, at(30)).seconds <= WINDOW_SECONDS
    assert delay_for(large, before, limits, at(1 + WINDOW_SECONDS)).seconds == 0
    after = [GrantedCall(at(0), 5_000, 10, at(1))]
    assert delay_for(Need(1, 0), after, limits, at(30)).seconds > 0
