"""Judges that do as told: what a provider may do to a call, put behind the registry's seam."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from llmprovider.contracts import ErrorType, TokenUsage
from llmprovider.prompting.prompts import parse_prompt
from llmprovider.providers import registry
from llmprovider.providers.base import ProviderError, ProviderRequest, ProviderResponse, Stop

Step = Callable[[ProviderRequest], ProviderResponse]

USAGE = TokenUsage(input=1_000, output=100)


def asked(request: ProviderRequest) -> list[str]:
    """The item ids of a call, in the order of its list."""
    return [pair.item for pair in parse_prompt(request.user).comparisons]


def entry(item: str, winner: str = "first", confidence: int = 3) -> dict[str, Any]:
    return {"item": item, "winner": winner, "confidence": confidence, "justification": "Clearer."}


def response(
    entries: Iterable[Mapping[str, Any]],
    *,
    usage: TokenUsage = USAGE,
    stop: Stop = Stop.END,
    model: str = "",
) -> ProviderResponse:
    return ProviderResponse(json.dumps({"comparisons": list(entries)}), stop, usage, model, "req-1")


def well(request: ProviderRequest) -> ProviderResponse:
    """Every comparison answered, for the first text."""
    return response(map(entry, asked(request)))


def without(*missing: int) -> Step:
    """Every comparison answered but those at these places."""
    return lambda request: response(
        entry(item) for place, item in enumerate(asked(request)) if place not in missing
    )


def cut_after(complete: int) -> Step:
    """The token limit is hit in the middle of the entry after `complete` complete ones."""

    def step(request: ProviderRequest) -> ProviderResponse:
        entries = [json.dumps(entry(item)) for item in asked(request)]
        text = '{"comparisons": [' + ", ".join([*entries[:complete], entries[complete][:20]])
        return ProviderResponse(text, Stop.MAX_TOKENS, USAGE, "", "req-1")

    return step


def saying(text: str, stop: Stop = Stop.END) -> Step:
    return lambda request: ProviderResponse(text, stop, USAGE, "", "req-1")


def failing(
    error_type: ErrorType,
    message: str = "it failed",
    retry_after: float | None = None,
    *,
    outage: bool | None = None,
    size: bool = False,
    unsent: bool = False,
) -> Step:
    """An error of the provider; a wrong key is an outage unless said otherwise."""
    if outage is None:
        outage = error_type is ErrorType.AUTHENTICATION

    def step(request: ProviderRequest) -> ProviderResponse:
        raise ProviderError(
            error_type,
            message,
            retry_after=retry_after,
            outage=outage,
            size=size,
            unsent=unsent,
        )

    return step


class ScriptedJudge:
    """Takes one step of its script per call, then the last one for ever. Keeps every request."""

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps) or [well]
        self.requests: list[ProviderRequest] = []

    def call(self, request: ProviderRequest) -> ProviderResponse:
        step = self._steps[min(len(self.requests), len(self._steps) - 1)]
        self.requests.append(request)
        return step(request)

    @property
    def sizes(self) -> list[int]:
        """Comparisons in each call."""
        return [len(asked(request)) for request in self.requests]


def put_in(monkeypatch: pytest.MonkeyPatch, *steps: Step, provider: str = "mock") -> ScriptedJudge:
    """A scripted judge in the place of a provider, for the length of a test."""
    judge = ScriptedJudge(*steps)
    monkeypatch.setitem(registry._ADAPTERS, provider, lambda: judge)
    known = registry.PROVIDERS[provider]
    if known.key_variable:
        monkeypatch.setenv(known.key_variable, "not-a-key")
    return judge
