"""T41: every fault, as a client meets it: by header, from the queue, and through the SDKs."""

import json
import socket

import anthropic
import httpx2
import openai
import pytest

from llmprovider.contracts import MAX_JUSTIFICATION_CHARS, ErrorType
from llmprovider.emulator import Emulator, Fault
from llmprovider.emulator.faults import ANSWER_FAULTS
from llmprovider.prompting.answers import (
    ANSWERED_TWICE,
    CONFIDENCE_CLAMPED,
    JUSTIFICATION_CUT,
    Answer,
    read_answer,
)
from tests.integration.emulator.calls import (
    BODIES,
    STRONG,
    answer_in,
    ask,
    claude,
    gpt,
    headers,
    message_body,
    pairs,
    post,
    prompt,
    response_body,
    verdicts,
)
from tests.integration.vendors.emulated import wait_until

PATHS = list(BODIES)

# Status at Anthropic and at OpenAI, and OpenAI's code.
ERRORS = {
    "rate_limit": (429, 429, "rate_limit_exceeded"),
    "server_error": (500, 500, None),
    "unavailable": (503, 503, "service_unavailable"),
    "gateway_timeout": (504, 504, None),
    "overloaded": (529, 503, "server_is_overloaded"),
    "bad_key": (401, 401, "invalid_api_key"),
    "forbidden": (403, 403, "model_not_found"),
    "quota": (400, 429, "insufficient_quota"),
    "spend_limit": (429, 429, "insufficient_quota"),
    "unknown_model": (404, 404, "model_not_found"),
    "too_large": (413, 413, "request_too_large"),
    "bad_request": (400, 400, None),
}
SPEAKS_OTHERWISE = {"bad_gateway", "timeout", "reset", "cut_off", "malformed_body", "echoing_error"}


def test_every_fault_is_tried_here():
    assert set(ERRORS) | SPEAKS_OTHERWISE | {fault.value for fault in ANSWER_FAULTS} == set(Fault)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("fault", ERRORS)
def test_an_error_has_the_vendors_status_and_body(emulator, fault, path):
    response = ask(emulator, prompt(), path, fault)
    at_anthropic, at_openai, code = ERRORS[fault]
    if path == "/v1/messages":
        assert response.status_code == at_anthropic
        assert response.json()["type"] == "error"
        assert response.json()["error"]["message"]
    else:
        assert response.status_code == at_openai
        assert response.json()["error"]["code"] == code
    [call] = emulator.calls
    assert (call.fault, call.status) == (fault, response.status_code)
    assert call.input_tokens == call.output_tokens == 0


def test_the_sdks_raise_their_own_classes(emulator):
    body, client = message_body(prompt()), claude(emulator)
    for fault, kind in (
        ("overloaded", anthropic.OverloadedError),
        ("unavailable", anthropic.ServiceUnavailableError),
        ("gateway_timeout", anthropic.GatewayTimeoutError),
        ("too_large", anthropic.ContentTooLargeError),
        ("spend_limit", anthropic.EnforcedSpendLimitReachedError),
        ("bad_gateway", anthropic.InternalServerError),
        ("reset", anthropic.APIConnectionError),
        ("cut_off", anthropic.APIConnectionError),
    ):
        with pytest.raises(kind):
            client.messages.create(**body, extra_headers={"x-emulator-fault": fault})


@pytest.mark.parametrize("path", PATHS)
def test_retry_after_is_what_was_asked_for(emulator, path):
    assert ask(emulator, prompt(), path, "rate_limit; retry_after=7").headers["retry-after"] == "7"
    assert "retry-after" not in ask(emulator, prompt(), path, "rate_limit").headers


def test_a_hanging_call_ends_with_its_client(emulator):
    emulator.fail_next("timeout", times=2)
    with pytest.raises(anthropic.APITimeoutError):
        claude(emulator, timeout=0.3).messages.create(**message_body(prompt()))
    with pytest.raises(openai.APITimeoutError):
        gpt(emulator, timeout=0.3).responses.create(**response_body(prompt()))
    # A busy emulator may read them only now, and the next call would meet a fault of theirs.
    wait_until(lambda: len(emulator.calls) == 2, 60, "the emulator to see both calls")
    assert ask(emulator, prompt()).status_code == 200


def test_a_reset_is_no_orderly_close(emulator):
    body = json.dumps(message_body(prompt())).encode()
    head = "".join(f"{name}: {value}\r\n" for name, value in headers(emulator).items())
    head += f"x-emulator-fault: reset\r\ncontent-length: {len(body)}\r\n"
    with socket.create_connection((emulator.host, emulator.port)) as connection:
        connection.sendall(f"POST /v1/messages HTTP/1.1\r\n{head}\r\n".encode() + body)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_half_a_body_was_announced_whole(emulator):
    with pytest.raises(httpx2.RemoteProtocolError):
        ask(emulator, prompt(), fault="cut_off")
    assert emulator.calls[0].output_tokens > 0  # written, and billed


@pytest.mark.parametrize("path", PATHS)
def test_a_malformed_body_is_no_json_but_billed(emulator, path):
    response = ask(emulator, prompt(), path, "malformed_body")
    assert response.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        response.json()
    assert emulator.calls[0].input_tokens > 0


def test_a_gateways_error_is_a_page(emulator):
    response = ask(emulator, prompt(), fault="bad_gateway")
    assert (response.status_code, response.headers["content-type"]) == (502, "text/html")


def test_an_echoing_error_quotes_prompt_and_key(emulator):
    """So that the tests of what must not be passed on have something to find."""
    sent = message_body(prompt())
    extra = {"x-emulator-fault": "echoing_error", "authorization": "Bearer k-secret-1"}
    message = post(emulator, "/v1/messages", sent, extra).json()["error"]["message"]
    assert "k-secret-1" in message and "BEGIN TEXT" in message


def spoilt(emulator, fault: str, path: str) -> tuple[list[str], Answer]:
    asked = prompt(pairs(6))
    response = ask(emulator, asked, path, fault)
    assert response.status_code == 200
    body = response.json()
    stop = body.get("stop_reason") or body.get("status") or body["choices"][0]["finish_reason"]
    truncated = stop in ("max_tokens", "incomplete", "length")
    answer = read_answer(answer_in(path, response), asked.items, truncated=truncated)
    return list(asked.items), answer


def kinds(answer: Answer) -> list[ErrorType]:
    return [problem.error_type for problem in answer.problems.values()]


@pytest.mark.parametrize("path", PATHS)
class TestSpoiltAnswers:
    """T13, T14, T16, T25..T27: what our reader makes of each, at each endpoint."""

    @pytest.mark.parametrize(
        "fault", ["missing_item", "duplicate_conflicting", "tie", "wrong_type"]
    )
    def test_one_item_is_lost_and_no_neighbour(self, emulator, fault, path):
        _, answer = spoilt(emulator, fault, path)
        assert len(answer.verdicts) == 5
        assert kinds(answer) == [ErrorType.INVALID_RESPONSE]

    def test_an_extra_item_is_counted(self, emulator, path):
        _, answer = spoilt(emulator, "extra_item", path)
        assert (len(answer.verdicts), answer.unknown_items) == (6, 1)

    def test_an_equal_duplicate_is_flagged(self, emulator, path):
        _, answer = spoilt(emulator, "duplicate_equal", path)
        flags = [verdict.flags for verdict in answer.verdicts.values() if verdict.flags]
        assert (len(answer.verdicts), flags) == (6, [(ANSWERED_TWICE,)])

    def test_permuted_items_keep_their_verdicts(self, emulator, path):
        with Emulator() as other:  # where the same question is new as well
            plain = verdicts(ask(other, prompt(pairs(6)), path), path)
        permuted = verdicts(ask(emulator, prompt(pairs(6)), path, "permuted"), path)
        assert permuted == plain
        assert list(permuted) != list(plain)

    def test_a_truncated_answer_says_so_and_is_complete_up_to_there(self, emulator, path):
        items, answer = spoilt(emulator, "truncated", path)
        kept = list(answer.verdicts)
        assert 0 < len(kept) < 6 and kept == items[: len(kept)]
        assert set(kinds(answer)) == {ErrorType.MAX_TOKENS}

    def test_a_confidence_out_of_range_is_clamped(self, emulator, path):
        _, answer = spoilt(emulator, "confidence_out_of_range", path)
        clamped = [v for v in answer.verdicts.values() if CONFIDENCE_CLAMPED in v.flags]
        assert [verdict.confidence for verdict in clamped] == [5]

    def test_a_long_justification_is_cut(self, emulator, path):
        _, answer = spoilt(emulator, "long_justification", path)
        cut = [v for v in answer.verdicts.values() if JUSTIFICATION_CUT in v.flags]
        assert [len(verdict.justification) <= MAX_JUSTIFICATION_CHARS for verdict in cut] == [True]

    @pytest.mark.parametrize("fault", ["malformed_answer", "empty_answer"])
    def test_an_unreadable_answer_gives_no_verdict(self, emulator, fault, path):
        _, answer = spoilt(emulator, fault, path)
        assert answer.verdicts == {} and not answer.readable

    def test_a_fenced_answer_can_be_read(self, emulator, path):
        _, answer = spoilt(emulator, "fenced_answer", path)
        assert len(answer.verdicts) == 6


def test_a_refusal_is_a_success_of_its_own_form(emulator):
    asked = prompt()
    emulator.fail_next("refusal", times=2)
    message = claude(emulator).messages.create(**message_body(asked))
    assert message.stop_reason == "refusal" and message.stop_details.type == "refusal"
    assert message.content == []
    response = gpt(emulator).responses.create(**response_body(asked))
    assert response.output[0].content[0].type == "refusal"
    chat = ask(emulator, asked, "/v1/chat/completions", "refusal").json()["choices"][0]["message"]
    assert chat["content"] is None and chat["refusal"]


def test_queued_faults_strike_once_each_in_turn_and_only_the_model_named(emulator):
    """Bursts too: n in a row."""
    emulator.fail_next("server_error", times=3)
    emulator.fail_next("overloaded", model="gpt-4.1")
    statuses = [ask(emulator, prompt()).status_code for _ in range(4)]
    assert statuses == [500, 500, 500, 200]
    assert ask(emulator, prompt(), "/v1/responses").status_code == 503
    assert ask(emulator, prompt(), "/v1/responses").status_code == 200


def test_faults_can_be_queued_over_http_by_another_process(emulator):
    url = emulator.anthropic_url + "/_emulator/faults"
    added = httpx2.post(url, json={"fault": "rate_limit", "retry_after": 3, "times": 2}, timeout=60)
    assert (added.status_code, added.json()) == (201, {"waiting": 2})
    assert ask(emulator, prompt()).headers["retry-after"] == "3"
    assert httpx2.delete(url, timeout=60).json() == {"waiting": 0}
    assert ask(emulator, prompt()).status_code == 200


@pytest.mark.parametrize(
    "fault",
    [{"fault": "boredom"}, {"fault": "reset", "times": 0}, {"fault": "reset", "often": 1}, [], {}],
)
def test_a_fault_that_is_none_is_refused(emulator, fault):
    response = httpx2.post(emulator.anthropic_url + "/_emulator/faults", json=fault, timeout=60)
    assert response.status_code == 400
    assert ask(emulator, prompt(), fault="boredom").status_code == 400


def test_the_log_holds_no_text_and_no_key(emulator):
    key = "k-0123456789abcdef"
    post(emulator, "/v1/messages", message_body(prompt()), {"authorization": f"Bearer {key}"})
    ask(emulator, prompt(), fault="echoing_error")
    listed = httpx2.get(emulator.anthropic_url + "/_emulator/calls", timeout=60).text
    assert len(json.loads(listed)["calls"]) == 2
    assert STRONG[:20] not in listed and key not in listed


def test_an_unknown_address_is_not_found(emulator):
    assert httpx2.get(emulator.anthropic_url + "/v1/unheard-of", timeout=60).status_code == 404
