"""A sound answer, through the real SDKs, at each of the three endpoints."""

import json

import pytest

from llmprovider.emulator import LOCAL_MODEL, Emulator
from llmprovider.prompting.answers import read_answer
from llmprovider.prompting.prompts import parse_prompt
from llmprovider.providers.latent_quality import LatentJudge, judged, text_hashes
from tests.integration.emulator.calls import (
    CLAUDE,
    GPT,
    STRONG,
    WEAK,
    chat_body,
    claude,
    gpt,
    message_body,
    pairs,
    prompt,
    response_body,
)


def test_anthropic_answers(emulator):
    message = claude(emulator).messages.create(**message_body(prompt()))
    assert message.stop_reason == "end_turn"
    assert message.model == CLAUDE
    assert message._request_id == emulator.calls[0].request_id
    [entry] = json.loads(message.content[0].text)["comparisons"]
    assert entry["winner"] == "first"


def test_openai_responses_answers(emulator):
    response = gpt(emulator).responses.create(**response_body(prompt()))
    assert response.status == "completed"
    [entry] = json.loads(response.output_text)["comparisons"]
    assert entry["winner"] == "first"


def test_openai_chat_answers_a_model_of_any_compatible_server_too(emulator):
    body = chat_body(prompt(((WEAK, STRONG),)), model=LOCAL_MODEL)
    completion = gpt(emulator).chat.completions.create(**body)
    assert completion.choices[0].finish_reason == "stop"
    assert json.loads(completion.choices[0].message.content)["comparisons"][0]["winner"] == "second"


def test_one_call_answers_64_comparisons_each_under_its_own_id(emulator):
    """T11, T12."""
    asked = prompt(pairs(64))
    message = claude(emulator).messages.create(**message_body(asked, max_tokens=20_000))
    answer = read_answer(message.content[0].text, asked.items, truncated=False)
    assert set(answer.verdicts) == set(asked.items)
    assert [call.items for call in emulator.calls] == [64]


def test_the_first_answer_is_that_of_the_mock_judge():
    """T40: same judge, same texts, same verdict, whichever of the two is asked."""
    judge = LatentJudge(seed=5, slope=0.3)
    asked = prompt(pairs(12))
    parsed = parse_prompt(asked.user)
    expected = judged(judge, parsed, text_hashes(parsed), {})
    with Emulator(judge=judge) as emulator:
        message = claude(emulator).messages.create(**message_body(asked))
    assert json.loads(message.content[0].text)["comparisons"] == expected


def test_models_that_reason_bill_for_it_and_can_be_told_not_to(emulator):
    client = gpt(emulator)
    body = response_body(prompt(), model=GPT)
    unasked = client.responses.create(**body).usage
    none = client.responses.create(**body, reasoning={"effort": "none"}).usage
    high = client.responses.create(**body, reasoning={"effort": "high"}).usage
    reasoning = [usage.output_tokens_details.reasoning_tokens for usage in (none, unasked, high)]
    assert reasoning[0] == 0 < reasoning[1] < reasoning[2]
    written = [usage.output_tokens - tokens for usage, tokens in zip(
        (none, unasked, high), reasoning, strict=True
    )]  # fmt: skip
    assert written[0] == written[1] == written[2] > 0


def test_claude_5_thinks_unless_told_not_to(emulator):
    client, body = claude(emulator), message_body(prompt(), model="claude-sonnet-5-5")
    thinking = client.messages.create(**body)
    assert [part.type for part in thinking.content] == ["thinking", "text"]
    assert thinking.usage.output_tokens_details.thinking_tokens > 0
    silent = client.messages.create(**body, thinking={"type": "disabled"})
    assert [part.type for part in silent.content] == ["text"]
    assert silent.usage.output_tokens_details.thinking_tokens == 0


def test_an_answer_that_needs_more_tokens_than_allowed_is_cut_off(emulator):
    """T16: on both vendors, with what was complete before it."""
    asked = prompt(pairs(8))
    message = claude(emulator).messages.create(**message_body(asked, max_tokens=100))
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 100)
    answer = read_answer(message.content[0].text, asked.items, truncated=True)
    assert 0 < len(answer.verdicts) < 8
    response = gpt(emulator).responses.create(**response_body(asked, max_output_tokens=100))
    assert response.status == "incomplete"
    assert response.incomplete_details.reason == "max_output_tokens"
    completion = gpt(emulator).chat.completions.create(**chat_body(asked, max_tokens=100))
    assert completion.choices[0].finish_reason == "length"


@pytest.mark.parametrize("user", ["Hello.", "Code of this message: 0123456789abcdef\n\nnonsense"])
def test_a_message_whose_structure_cannot_be_told_is_refused_aloud(emulator, user):
    import anthropic

    body = message_body(prompt(), messages=[{"role": "user", "content": user}])
    with pytest.raises(anthropic.BadRequestError, match="not a prompt"):
        claude(emulator).messages.create(**body)


def test_a_text_without_a_grade_in_the_truth_is_refused():
    import openai

    with (
        Emulator(judge=LatentJudge(truth={"0" * 64: 1.0})) as emulator,
        pytest.raises(openai.BadRequestError, match="truth table has no text"),
    ):
        gpt(emulator).responses.create(**response_body(prompt()))
