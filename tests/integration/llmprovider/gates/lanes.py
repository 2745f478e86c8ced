"""A lane for the gates' tests, on a clock of their own."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from llmprovider import gates
from llmprovider.conf import get_settings
from llmprovider.contracts import ErrorType, TokenUsage
from llmprovider.gates import Admitted, Need, Refusal, Wait
from llmprovider.providers.base import LimitKind, ProviderError, VendorLimit

LANE = ("anthropic", "large")
SISTER = ("anthropic", "small")
OTHER = ("openai", "large")
NEED = Need(1_000, 500)
START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def limit(monkeypatch: pytest.MonkeyPatch, **table: dict[str, int]) -> None:
    monkeypatch.setenv("LLM_PROVIDER_SERVICE_RATE_LIMITS", json.dumps(table))
    get_settings.cache_clear()


def admit(
    second: float,
    lane: tuple[str, str] = LANE,
    need: Need = NEED,
    enqueued: float | None = None,
) -> Admitted | Wait | Refusal:
    since = at(enqueued) if enqueued is not None else None
    return gates.admit(*lane, need, at(second), enqueued_at=since)


def admitted(second: float, lane: tuple[str, str] = LANE, need: Need = NEED) -> int | None:
    """The grant of a call that is let through; fails the test where it is not."""
    found = admit(second, lane, need)
    assert isinstance(found, Admitted), found
    return found.grant_id


def waits(second: float, lane: tuple[str, str] = LANE, need: Need = NEED) -> Wait:
    found = admit(second, lane, need)
    assert isinstance(found, Wait), found
    return found


def answer(
    second: float,
    grant: int | None = None,
    lane: tuple[str, str] = LANE,
    tokens: tuple[int, int] = (1_000, 100),
    limits: Iterable[VendorLimit] = (),
) -> None:
    usage = TokenUsage(input=tokens[0], output=tokens[1])
    gates.settle(*lane, grant, at(second), usage=usage, limits=tuple(limits))


def fail(
    second: float,
    error_type: str,
    grant: int | None = None,
    lane: tuple[str, str] = LANE,
    **about: object,
) -> None:
    error = ProviderError(ErrorType(error_type), f"our words about {error_type}", **about)
    gates.settle(*lane, grant, at(second), error=error)


def open_the_circuit(second: float = 0, lane: tuple[str, str] = LANE) -> None:
    for _ in range(5):
        fail(second, "overloaded", lane=lane)


def left(kind: LimitKind, size: int, remaining: int, reset: float = 60.0) -> VendorLimit:
    return VendorLimit(kind, size, remaining, reset)
