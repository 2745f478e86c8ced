"""Answers without a usable count of tokens: kept, and their price taken for unknown, not for 0."""

import json
from decimal import Decimal

import pytest

from llmprovider.calls.processing import process
from llmprovider.contracts import ErrorType, QueueMode, TokenUsage
from llmprovider.models import ProviderCall
from llmprovider.providers.base import ProviderError
from llmprovider.providers.registry import provider_for
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import bundle_of, queued, statuses
from tests.integration.providers import wires
from tests.integration.providers.wires import answering, asking, lay

PRICED = {"provider": "openai", "model": "gpt-4o"}
HUGE = 2**31
COUNTS = {
    "anthropic": ("input_tokens", "output_tokens"),
    "openai": ("input_tokens", "output_tokens"),
    "openai_compatible": ("prompt_tokens", "completion_tokens"),
}


def called(monkeypatch, provider, usage):
    lay(monkeypatch, answering({**wires.WELL[provider](), "usage": usage}))
    return provider_for(provider).call(asking(provider))


@pytest.mark.parametrize("provider", sorted(COUNTS))
@pytest.mark.parametrize("counts", [(0, 0), (HUGE, 1), (100, HUGE), (100, -1), ("7", 1), (1.5, 1)])
def test_counts_that_are_none_are_not_taken_for_a_bill(monkeypatch, provider, counts):
    """T32: nor may they break the storing of an answer that is paid for."""
    response = called(monkeypatch, provider, dict(zip(COUNTS[provider], counts, strict=True)))
    assert response.usage is None
    assert response.text == '{"comparisons": []}'


@pytest.mark.parametrize("provider", sorted(COUNTS))
@pytest.mark.parametrize("usage", [None, {}, [], {"prompt_tokens": 5}, {"input_tokens": 5}])
def test_a_usage_left_out_is_unknown(monkeypatch, provider, usage):
    assert called(monkeypatch, provider, usage).usage is None


@pytest.mark.django_db
def test_the_money_cap_holds_where_a_server_counts_nothing(monkeypatch):
    """Twenty comparisons, and a cap for a few: without a bill each call may have cost its most."""
    cap = Decimal("0.03")

    def uncounted(request):
        return judges.response(map(judges.entry, judges.asked(request)), usage=None)

    judge = judges.put_in(monkeypatch, uncounted, provider="openai")
    for bundle in queued(20, money_cap=cap, queue_mode=QueueMode.PER_REQUEST, overrides=PRICED):
        process(str(bundle.pk))
    made = len(judge.requests)
    assert 0 < made < 20
    assert statuses() == ["cancelled"] * (20 - made) + ["completed"] * made
    calls = ProviderCall.objects.all()
    assert {(call.priced, call.cost_usd) for call in calls} == {(False, Decimal(0))}
    assert 0 < sum(call.reserved_usd for call in calls) <= cap


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error_type", "unsent", "priced"),
    [
        (ErrorType.TIMEOUT, False, False),
        (ErrorType.TIMEOUT, True, True),
        (ErrorType.CONNECTION, False, False),
        (ErrorType.INVALID_RESPONSE, False, False),
        (ErrorType.OVERLOADED, False, True),
        (ErrorType.INVALID_REQUEST, False, True),
    ],
)
def test_a_lost_answer_has_no_known_price(monkeypatch, error_type, unsent, priced):
    """T32: a cost of 0 is said only where it is known to be 0."""
    judges.put_in(monkeypatch, judges.failing(error_type, unsent=unsent), provider="openai")
    process(str(bundle_of(2, overrides=PRICED).pk))
    call = ProviderCall.objects.get()
    assert (call.priced, call.reserved_usd == 0) == (priced, priced)


@pytest.mark.parametrize("provider", sorted(COUNTS))
@pytest.mark.parametrize(
    "body",
    ['{"a":' * 100_000 + "1" + "}" * 100_000, '{"id": ' + "9" * 5_000 + "}"],
    ids=["depth", "digits"],
)
def test_whatever_is_wrong_with_an_answer_it_was_an_answer(monkeypatch, provider, body):
    """T25: taken for no answer it would be paid for again and again."""
    lay(monkeypatch, answering(body))
    with pytest.raises(ProviderError) as raised:
        provider_for(provider).call(asking(provider))
    assert (raised.value.error_type, raised.value.unsent) == (ErrorType.INVALID_RESPONSE, False)


def test_a_gap_in_our_reading_is_an_unreadable_answer(monkeypatch, caplog):
    """T25, T34: an exception nobody thought of, which may quote the answer."""

    def bug(headers):
        raise ZeroDivisionError("Text number 0.")

    class Limits:
        name, limits = "openai", staticmethod(bug)

    lay(monkeypatch, answering(wires.response()))
    monkeypatch.setattr("llmprovider.providers.openai_responses.OPENAI", Limits)
    with pytest.raises(ProviderError) as raised:
        provider_for("openai").call(asking("openai"))
    assert raised.value.error_type is ErrorType.INVALID_RESPONSE
    assert raised.value.__context__ is None
    assert "ZeroDivisionError" in caplog.text and "Text number" not in caplog.text


@pytest.mark.parametrize("provider", sorted(COUNTS))
def test_names_that_no_column_takes_are_cut_to_size(monkeypatch, provider):
    body = {**wires.WELL[provider](), "model": "a\x00b\ud800" + "c" * 200}
    lay(monkeypatch, answering(json.dumps(body)))
    model = provider_for(provider).call(asking(provider)).model
    assert model.startswith("abc") and len(model) <= 120


@pytest.mark.parametrize("code", ["bio_policy"])
def test_a_prompt_declined_without_usage_cost_nothing(monkeypatch, code):
    body = wires.response(status="failed", output=[], error={"code": code}, usage=None)
    lay(monkeypatch, answering(body))
    assert provider_for("openai").call(asking("openai")).usage == TokenUsage()
