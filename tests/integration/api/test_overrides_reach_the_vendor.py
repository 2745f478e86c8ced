"""From a POST to the vendor's endpoint: what was asked for is sent, and the vendor takes it."""

import json

import httpx2
import pytest

from assessment.models import Batch
from llmprovider.emulator.emulators import Emulator
from llmprovider.models import ProviderCall
from tests.emulators import emulator
from tests.integration.api import batches

pytestmark = pytest.mark.django_db

__all__ = ["emulator"]

URL = "/api/v1/batches"
OPENAI = [{"provider": "openai", "model": "gpt-5.4"}]
ANTHROPIC = [{"provider": "anthropic", "model": "claude-sonnet-5-5"}]


@pytest.fixture
def sent(monkeypatch, emulator: Emulator) -> list[dict]:
    """Bodies on their way to the emulator, which answers them."""
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    bodies = []
    transport = httpx2.HTTPTransport.handle_request

    def handle(self: httpx2.HTTPTransport, request: httpx2.Request) -> httpx2.Response:
        bodies.append(json.loads(request.read()))
        return transport(self, request)

    monkeypatch.setattr(httpx2.HTTPTransport, "handle_request", handle)
    return bodies


def judged(api, **changes) -> Batch:
    answer = api.post(URL, batches.request(**changes), format="json")
    assert answer.status_code == 201, answer.data
    batch = batches.work(answer.data["id"])
    assert batch.status == "COMPLETED", batch.stop_reason
    assert not ProviderCall.objects.exclude(error_type="").exists()
    return batch


def test_every_parameter_asked_of_openai_is_in_its_payload(api, sent):
    """T28, P-48, P-49: in every call."""
    judged(
        api,
        judges=OPENAI,
        llm_config_overrides={
            "temperature": 0.0,
            "max_tokens": 9_000,
            "reasoning_effort": "none",
            "output_verbosity": "low",
            "system_prompt": "You are strict.",
        },
    )
    assert sent
    for body in sent:
        assert body["model"] == "gpt-5.4"
        assert body["temperature"] == 0.0
        assert body["max_output_tokens"] == 9_000
        assert body["reasoning"] == {"effort": "none"}
        assert body["text"]["verbosity"] == "low"
        assert body["instructions"].startswith("You are strict.")


def test_every_parameter_asked_of_anthropic_is_in_its_payload(api, sent):
    """T28, P-49"""
    judged(
        api,
        judges=ANTHROPIC,
        llm_config_overrides={
            "max_tokens": 9_000,
            "reasoning_effort": "low",
            "system_prompt": "You are strict.",
        },
    )
    assert sent
    for body in sent:
        assert body["max_tokens"] == 9_000
        assert body["output_config"]["effort"] == "low"
        assert body["system"][0]["text"].startswith("You are strict.")


def test_a_model_that_reasons_has_room_for_it_and_its_answer(api, sent):
    """T29: nothing asked for, so nothing but the limit is set."""
    judged(api, judges=ANTHROPIC)
    for body in sent:
        assert "temperature" not in body and "tool_choice" not in body
        assert body["max_tokens"] > 8_192


REFUSED = [
    (ANTHROPIC, {"temperature": 0.0}, "temperature: "),
    (ANTHROPIC, {"output_verbosity": "low"}, "output_verbosity: "),
    (OPENAI, {"temperature": 0.0, "reasoning_effort": "high"}, "temperature: "),
    (OPENAI, {"reasoning_effort": "minimal"}, "reasoning_effort: "),
    (OPENAI, {"max_tokens": 128_001}, "max_tokens: "),
    ([*OPENAI, *ANTHROPIC], {"temperature": 0.0}, "temperature: anthropic:claude-sonnet-5-5"),
]


@pytest.mark.parametrize(("judges", "overrides", "message"), REFUSED)
def test_what_a_judge_does_not_take_is_refused_at_once(api, sent, judges, overrides, message):
    """T33: 400, with the parameter's name and the remedy, and nothing stored or sent."""
    asked = batches.request(judges=judges, llm_config_overrides=overrides)
    answer = api.post(URL, asked, format="json")
    assert answer.status_code == 400
    assert list(answer.data) == ["llm_config_overrides"]
    (found,) = answer.data["llm_config_overrides"]
    assert message in found
    assert not Batch.objects.exists() and sent == []


@pytest.mark.parametrize(
    ("judge", "message"),
    [
        ({"provider": "anthropic", "model": "claude-3-opus-20240229"}, "shut"),
        ({"provider": "openai", "model": "text-embedding-3-small"}, "cannot write verdicts"),
        ({"provider": "openai", "model": "claude-opus-5-5"}, "anthropic:claude-opus-5-5"),
    ],
)
def test_a_model_known_to_be_wrong_is_refused_at_once(api, sent, judge, message):
    """T33"""
    answer = api.post(URL, batches.request(judges=[judge]), format="json")
    assert answer.status_code == 400
    assert message in answer.data["judges"][0]
    assert not Batch.objects.exists() and sent == []
