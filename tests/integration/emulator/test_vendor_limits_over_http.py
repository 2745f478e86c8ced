"""Limits per minute: headers as the vendors write them, and 429 when one is reached."""

import re
from datetime import UTC, datetime

import anthropic
import openai
import pytest

from llmprovider.emulator import Emulator, Limits, SetClock, busiest_window
from llmprovider.emulator.openai_dialects import go_duration
from tests.integration.emulator.calls import ask, claude, gpt, message_body, prompt, response_body

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def limited(clock: SetClock, **limits: int) -> Emulator:
    return Emulator(limits=Limits(**limits), clock=clock)


def test_anthropic_states_its_limits_on_every_answer(clock):
    with limited(clock, requests=60, input_tokens=100_000, output_tokens=10_000) as emulator:
        sent = ask(emulator, prompt()).headers
        [call] = emulator.calls
    assert sent["anthropic-ratelimit-requests-limit"] == "60"
    assert sent["anthropic-ratelimit-requests-remaining"] == "59"
    assert sent["anthropic-ratelimit-input-tokens-remaining"] == str(100_000 - call.input_tokens)
    assert sent["anthropic-ratelimit-output-tokens-remaining"] == str(10_000 - call.output_tokens)
    reset = sent["anthropic-ratelimit-output-tokens-reset"]
    assert RFC3339.fullmatch(reset)
    assert datetime.fromisoformat(reset) > datetime(2020, 1, 1, tzinfo=UTC)


def test_openai_states_its_limits_on_every_answer(clock):
    with limited(clock, requests=60, tokens=100_000) as emulator:
        sent = ask(emulator, prompt(), "/v1/responses").headers
        [call] = emulator.calls
    assert sent["x-ratelimit-limit-requests"] == "60"
    assert sent["x-ratelimit-remaining-requests"] == "59"
    assert sent["x-ratelimit-reset-requests"] == "1s"
    used = call.input_tokens + call.output_tokens
    assert sent["x-ratelimit-remaining-tokens"] == str(100_000 - used)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.012, "12ms"), (1, "1s"), (1.5, "1.5s"), (360, "6m0s"), (4210.25, "1h10m10.25s")],
)
def test_durations_are_written_as_go_does(seconds, shown):
    assert go_duration(seconds) == shown


def test_without_limits_there_are_no_headers(emulator):
    assert not any("ratelimit" in name for name in ask(emulator, prompt()).headers)


def test_requests_refill_one_by_one(clock):
    with limited(clock, requests=3) as emulator:
        assert [ask(emulator, prompt()).status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = ask(emulator, prompt())
        assert refused.headers["retry-after"] == "20"
        assert refused.headers["anthropic-ratelimit-requests-remaining"] == "0"
        clock.move(20)
        assert [ask(emulator, prompt()).status_code for _ in range(2)] == [200, 429]


def test_models_and_keys_have_limits_of_their_own(clock):
    with limited(clock, requests=1) as emulator:
        assert ask(emulator, prompt()).status_code == 200
        assert ask(emulator, prompt(), model="claude-opus-4-6").status_code == 200
        assert claude(emulator, "another").messages.create(**message_body(prompt()))
        with pytest.raises(anthropic.RateLimitError):
            claude(emulator).messages.create(**message_body(prompt()))


def test_input_tokens_are_rationed_and_those_read_from_the_cache_are_free(clock):
    asked = prompt(rubric="Weigh the argument before the prose. " * 500)
    system = [
        {"type": "text", "text": asked.system, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    ]
    with limited(clock, input_tokens=6_000) as emulator:
        assert ask(emulator, asked).status_code == 200
        assert ask(emulator, asked).status_code == 429
        clock.move(60)
        statuses = {ask(emulator, asked, system=system).status_code for _ in range(4)}
        assert statuses == {200}


def test_output_tokens_are_counted_after_the_fact(clock):
    with limited(clock, output_tokens=10) as emulator:
        assert [ask(emulator, prompt()).status_code for _ in range(2)] == [200, 429]
        written = emulator.calls[0].output_tokens
        clock.move(6 * (written - 10))  # back to nothing owed, and nothing to spend
        assert ask(emulator, prompt()).status_code == 429
        clock.move(6)
        assert ask(emulator, prompt()).status_code == 200


def test_openai_reserves_what_may_be_written(clock):
    with limited(clock, tokens=6_000) as emulator:
        client = gpt(emulator)
        body = response_body(prompt(), max_output_tokens=4_900)
        assert client.responses.create(**body)
        with pytest.raises(openai.RateLimitError) as caught:
            client.responses.create(**body)
        assert caught.value.code == "rate_limit_exceeded"
        # Most of the reservation came back.
        assert client.responses.create(**response_body(prompt(), max_output_tokens=500))


def test_the_log_tells_the_busiest_minute(clock):
    with Emulator(clock=clock) as emulator:
        for pause in (0, 30, 40, 10):
            clock.move(pause)
            ask(emulator, prompt())
        calls = emulator.calls
    assert busiest_window(calls, lambda call: 1) == 3
    assert busiest_window(calls, lambda call: call.input_tokens) == 3 * calls[0].input_tokens
    assert busiest_window(calls, lambda call: 1, seconds=10) == 1
    assert busiest_window([], lambda call: 1) == 0


def test_refused_calls_use_nothing(clock):
    with limited(clock, requests=1) as emulator:
        ask(emulator, prompt())
        ask(emulator, prompt())
        refused = emulator.calls[1]
    assert (refused.status, refused.fault, refused.input_tokens) == (429, "limit_requests", 0)
