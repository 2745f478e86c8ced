"""Prompt caches: what the two vendors bill as written, read and fresh (T30, T31, T32)."""

import itertools
import threading

import pytest

from llmprovider.emulator import Emulator, SetClock
from llmprovider.emulator.token_counts import count_tokens
from llmprovider.prompting.prompts import Prompt
from tests.integration.emulator.calls import (
    GPT,
    PLAIN_GPT,
    STRONG,
    WEAK,
    chat_body,
    claude,
    gpt,
    message_body,
    prompt,
    response_body,
)

RUBRIC = "Weigh the strength of the argument before the polish of the prose. " * 300


def one(number: int, rubric: str = RUBRIC) -> Prompt:
    """Prompts with the same instructions and other texts."""
    return prompt(((f"{STRONG} {number}", WEAK),), rubric=rubric, nonce=f"{number:016}")


def marked(asked: Prompt, ttl: str | None = None, **changes) -> dict:
    control = {"type": "ephemeral"} | ({"ttl": ttl} if ttl else {})
    system = [{"type": "text", "text": asked.system, "cache_control": control}]
    return message_body(asked, system=system, **changes)


class FourTogether(SetClock):
    """Lets no answer begin before four calls have come in."""

    def __init__(self) -> None:
        super().__init__()
        self._calls, self._all_here = itertools.count(1), threading.Event()

    def wait(self, seconds: float, stopping: threading.Event) -> None:
        if next(self._calls) == 4:
            self._all_here.set()
        self._all_here.wait(60)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def clocked(clock: SetClock):
    with Emulator(clock=clock) as emulator:
        yield emulator


def used(emulator: Emulator, body: dict) -> tuple[int, int, int]:
    """(written, read, fresh) as Anthropic bills them."""
    usage = claude(emulator).messages.create(**body).usage
    return usage.cache_creation_input_tokens, usage.cache_read_input_tokens, usage.input_tokens


class TestAnthropic:
    def test_the_first_call_writes_and_the_next_reads(self, clocked):
        written, read, fresh = used(clocked, marked(one(1)))
        assert read == 0 and fresh < 1000 < count_tokens(RUBRIC) < written
        assert used(clocked, marked(one(2))) == (0, written, fresh)

    def test_without_a_breakpoint_nothing_is_kept(self, clocked):
        written, _, fresh = used(clocked, marked(one(1)))
        assert used(clocked, message_body(one(2))) == (0, 0, written + fresh)

    def test_the_lifetime_begins_anew_with_each_reading(self, clock, clocked):
        written, _, fresh = used(clocked, marked(one(1)))
        for _ in range(3):
            clock.move(200)
            assert used(clocked, marked(one(2))) == (0, written, fresh)
        clock.move(301)
        assert used(clocked, marked(one(3))) == (written, 0, fresh)

    def test_an_hour_is_billed_as_an_hour(self, clock, clocked):
        usage = claude(clocked).messages.create(**marked(one(1), "1h")).usage
        assert usage.cache_creation.ephemeral_5m_input_tokens == 0
        assert usage.cache_creation.ephemeral_1h_input_tokens == usage.cache_creation_input_tokens
        clock.move(3500)
        assert used(clocked, marked(one(2), "1h"))[0] == 0

    @pytest.mark.parametrize(
        ("model", "kept"), [("claude-sonnet-4-6", False), ("claude-opus-5", True)]
    )
    def test_a_short_prefix_is_kept_only_by_models_that_keep_it(self, clocked, model, kept):
        asked = one(1, rubric="")
        written, read, fresh = used(clocked, marked(asked, model=model))
        assert (written > 0, read) == (kept, 0)
        assert written + fresh > 512

    def test_another_key_another_model_or_another_word_reads_nothing(self, clocked):
        used(clocked, marked(one(1)))
        other_key = claude(clocked, "another").messages.create(**marked(one(2)))
        assert other_key.usage.cache_read_input_tokens == 0
        assert used(clocked, marked(one(2), model="claude-opus-4-6"))[1] == 0
        assert used(clocked, marked(one(2, rubric=RUBRIC + "!")))[1] == 0

    def test_a_second_breakpoint_writes_only_what_is_beyond_the_first(self, clocked):
        first, _, fresh = used(clocked, marked(one(1)))
        body = marked(one(2))
        block = {"type": "text", "text": body["messages"][0]["content"]}
        block["cache_control"] = {"type": "ephemeral"}
        body["messages"] = [{"role": "user", "content": [block]}]
        assert used(clocked, body) == (fresh, first, 0)

    def test_max_tokens_0_fills_the_cache_and_writes_no_answer(self, clocked):
        message = claude(clocked).messages.create(**marked(one(1), max_tokens=0))
        assert (message.content, message.usage.output_tokens) == ([], 0)
        assert used(clocked, marked(one(2)))[0] == 0

    def test_calls_that_start_together_all_write(self):
        bills: list[tuple[int, int, int]] = []
        with Emulator(clock=FourTogether()) as emulator:
            threads = [
                threading.Thread(target=lambda n=n: bills.append(used(emulator, marked(one(n)))))
                for n in range(4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(bills) == 4 and all(written > 0 == read for written, read, _ in bills)
            assert used(emulator, marked(one(9)))[:2] == (0, bills[0][0])


class TestOpenAI:
    def usage(self, emulator: Emulator, body: dict) -> tuple[int, int, int]:
        """(written, read, all)."""
        usage = gpt(emulator).responses.create(**body).usage
        details = usage.input_tokens_details
        return details.cache_write_tokens, details.cached_tokens, usage.input_tokens

    def test_prefixes_are_read_in_steps_of_128_from_1024_and_count_as_input(self, clocked):
        written, read, total = self.usage(clocked, response_body(one(1)))
        assert (written, read) == (0, 0)
        again = self.usage(clocked, response_body(one(2)))
        assert again[0] == 0 and again[2] == total
        assert again[1] >= 1024 and again[1] % 128 == 0
        assert total - 1000 < again[1] < total

    def test_short_prompts_are_not_cached(self, clocked):
        for number in (1, 2):
            assert self.usage(clocked, response_body(one(number, rubric="")))[:2] == (0, 0)

    def test_the_cache_forgets(self, clock, clocked):
        self.usage(clocked, response_body(one(1)))
        clock.move(601)
        assert self.usage(clocked, response_body(one(2)))[1] == 0

    def test_chat_counts_alike(self, clocked):
        client = gpt(clocked).chat.completions
        first = client.create(**chat_body(one(1))).usage
        second = client.create(**chat_body(one(2))).usage
        assert first.prompt_tokens_details.cached_tokens == 0
        assert second.prompt_tokens_details.cached_tokens >= 1024
        assert second.prompt_tokens == first.prompt_tokens

    def test_newer_models_bill_what_they_keep(self, clocked):
        """Left to themselves nearly everything; with explicit breakpoints what is marked."""
        written, _, total = self.usage(clocked, response_body(one(1), model=GPT))
        assert written > total - 128

        def explicit(number: int) -> dict:
            asked = one(number, rubric=RUBRIC + "explicit")
            system = {"type": "input_text", "text": asked.system}
            system["prompt_cache_breakpoint"] = {"mode": "explicit"}
            body = response_body(asked, model=GPT, prompt_cache_options={"mode": "explicit"})
            del body["instructions"]
            return body | {
                "input": [
                    {"role": "developer", "content": [system]},
                    {"role": "user", "content": asked.user},
                ]
            }

        marked_write, read, whole = self.usage(clocked, explicit(1))
        assert read == 0 and count_tokens(RUBRIC) < marked_write < whole - 100
        assert self.usage(clocked, explicit(2)) == (0, marked_write, whole)

    def test_explicit_without_a_breakpoint_keeps_nothing(self, clocked):
        body = {"model": GPT, "prompt_cache_options": {"mode": "explicit"}}
        for number in (1, 2):
            assert self.usage(clocked, response_body(one(number), **body))[:2] == (0, 0)

    def test_older_models_do_not_bill_writing(self, clocked):
        assert self.usage(clocked, response_body(one(1), model=PLAIN_GPT))[0] == 0
