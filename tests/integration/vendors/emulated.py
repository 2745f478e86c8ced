"""Batches judged by an emulated vendor, through the embedded stack and the real SDKs."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final

import pytest

from assessment.lifecycle import starting
from assessment.lifecycle.creating.specs import JudgeSpec
from assessment.models import Batch
from cjproject.embedded import EmbeddedStack
from llmprovider.contracts import TokenUsage
from llmprovider.costs.pricing import cost_of
from llmprovider.emulator import Call, Emulator
from llmprovider.models import ProviderCall
from tests.emulators import running
from tests.integration.assessment.essays import batch

stack = EmbeddedStack
MODELS: Final = {"anthropic": "claude-haiku-4-5", "openai": "gpt-4.1-mini"}


@contextmanager
def vendor(monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[Emulator]:
    """An emulator to which the SDKs are sent."""
    with running(**options) as emulator:
        for name, value in emulator.environment.items():
            monkeypatch.setenv(name, value)
        yield emulator


def judged_by(provider: str, students: int, **changes: Any) -> Batch:
    """A stored batch with a judge of this vendor, not started."""
    judge = JudgeSpec(provider=provider, model=changes.pop("model", MODELS[provider]))
    return batch(students, judges=(judge,), **changes)


def begun(one: Batch) -> Batch:
    starting.announce(one)
    return one


def ended(one: Batch, patience: float = 180.0) -> Batch:
    """The batch once it has ended."""
    wait_until(lambda: _reread(one).ended, patience, f"batch {one.pk} to end")
    return one


def _reread(one: Batch) -> Batch:
    one.refresh_from_db()
    return one


def wait_until(condition: Callable[[], bool], patience: float, what: str) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {patience:.0f} s for {what}")
        time.sleep(0.05)


def rows_of(one: Batch) -> list[ProviderCall]:
    return list(ProviderCall.objects.filter(batch_key=str(one.pk)).order_by("started_at"))


def list_price(provider: str, calls: list[Call]) -> Decimal:
    """USD that the vendor's own log comes to."""
    costs = [
        cost_of(
            provider,
            call.model,
            TokenUsage(
                input=call.input_tokens,
                output=call.output_tokens,
                cache_read=call.cache_read_tokens,
                cache_write=call.cache_write_tokens,
                reasoning=call.reasoning_tokens,
            ),
        )
        for call in calls
    ]
    return sum((cost for cost in costs if cost is not None), Decimal(0))
