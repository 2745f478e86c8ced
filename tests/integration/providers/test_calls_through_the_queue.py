"""The adapters behind the queue: cached instructions, bills, and rows without secrets."""

import json
from decimal import Decimal

import pytest
from django.core import serializers

from llmprovider.contracts import Instructions, TokenUsage
from llmprovider.costs.pricing import cost_of
from llmprovider.models import ProviderCall, QueueItem
from tests.emulators import emulator
from tests.integration.llmprovider.comparisons import queued, retry_at_once, work, work_once
from tests.integration.providers import wires

pytestmark = pytest.mark.django_db

__all__ = ["emulator"]

LONG = Instructions(rubric="Weigh content, structure and language with care. " * 600)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    retry_at_once(monkeypatch)


def calls() -> list[ProviderCall]:
    return list(ProviderCall.objects.order_by("started_at"))


@pytest.mark.parametrize(
    ("provider", "model"), [("anthropic", "claude-sonnet-5-5"), ("openai", "gpt-6-luna")]
)
def test_instructions_are_written_to_the_cache_once_and_essays_never(emulator, provider, model):
    """T30: after the first call nothing is written, though every call has other texts."""
    overrides = {"provider": provider, "model": model}
    queued(4, bundle_limit=1, instructions=LONG, overrides=overrides)
    work()
    first, *others = calls()
    assert first.cache_write_tokens > 1_024 and first.cache_read_tokens == 0
    assert len(others) == 3
    for call in others:
        assert call.cache_write_tokens == 0
        assert call.cache_read_tokens == first.cache_write_tokens


@pytest.mark.parametrize(
    ("provider", "model"), [("anthropic", "claude-haiku-5-5"), ("openai", "gpt-5.4")]
)
def test_the_bill_is_the_vendors_usage_at_list_price(emulator, provider, model):
    """T32: call by call, and what the items cost adds up to it."""
    queued(6, instructions=LONG, overrides={"provider": provider, "model": model})
    work()
    made, logged = calls(), emulator.calls
    assert len(made) == len(logged) > 0
    for call, seen in zip(made, logged, strict=True):
        usage = TokenUsage(
            input=seen.input_tokens,
            output=seen.output_tokens,
            cache_read=seen.cache_read_tokens,
            cache_write=seen.cache_write_tokens,
            reasoning=seen.reasoning_tokens,
        )
        assert call.cost_usd == cost_of(provider, model, usage) > 0
    items = sum((item.cost_usd for item in QueueItem.objects.all()), Decimal(0))
    assert items == sum(call.cost_usd for call in made)


@pytest.mark.parametrize("provider", sorted(wires.WELL))
@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_no_row_holds_the_key_or_an_essay_that_a_vendor_quotes(monkeypatch, provider, status):
    """T34"""

    def echo(request):
        quoted = f"{wires.PLANTED_KEY}: {request.content.decode()}"
        error = {"type": wires.PLANTED_KEY, "code": "Text number 0.", "message": quoted}
        return wires.httpx2.Response(status, json={"type": "error", "error": error})

    wires.lay(monkeypatch, echo)
    queued(2, overrides={"provider": provider, "model": wires.MODELS[provider]})
    work_once()
    rows = serializers.serialize("json", [*calls(), *QueueItem.objects.all()])
    assert f"HTTP {status}" in rows
    assert wires.PLANTED_KEY not in rows and "Text number" not in rows
    assert json.loads(rows)
