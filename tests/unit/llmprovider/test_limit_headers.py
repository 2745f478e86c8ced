"""Durations and moments as vendors write them."""

import pytest

from llmprovider.providers.limit_headers import anthropic_limits, openai_limits, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("20ms", 0.02),
        ("6m0s", 360.0),
        ("1m30.5s", 90.5),
        ("2h3m4s", 7_384.0),
        ("1d", 86_400.0),
        ("0s", 0.0),
    ],
)
def test_durations(text, seconds):
    assert seconds_of(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "soon", "6 m", "1s later", "-1s", "5"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="duration"):
        seconds_of(text)


@pytest.mark.parametrize("read", [anthropic_limits, openai_limits])
@pytest.mark.parametrize("odd", ["", "many", "1e9999"])
def test_a_header_that_cannot_be_read_is_left_out(read, odd):
    headers = {
        f"{prefix}{name}": odd
        for prefix in ("anthropic-ratelimit-requests-", "x-ratelimit-")
        for name in ("limit", "remaining", "reset", "limit-requests", "remaining-requests")
    }
    assert read(headers) == ()


def test_a_moment_already_past_is_no_wait():
    headers = {
        "date": "Sat, 21 Nov 2026 12:00:00 GMT",
        "anthropic-ratelimit-tokens-limit": "10",
        "anthropic-ratelimit-tokens-remaining": "10",
        "anthropic-ratelimit-tokens-reset": "2026-11-21T11:59:00",
    }
    assert anthropic_limits(headers)[0].reset == 0.0
