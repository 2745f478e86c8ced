"""Both vendors' batch adapters, talking to a running emulator through the real SDKs."""

from collections.abc import Iterator

import pytest

from llmprovider.emulator import Emulator, SetClock
from llmprovider.emulator.profiles import JobPace, Profile

# As slow as a vendor, on a clock that the tests move.
SLOW = Profile("slow", "Jobs that take their time.", jobs=JobPace(10, 60, 100, 20, 30, late=50))


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Jobs are done at once."""
    yield from _running(monkeypatch, Emulator())


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, clock: SetClock) -> Iterator[Emulator]:
    """Jobs are done as `clock` is moved."""
    yield from _running(monkeypatch, Emulator(SLOW, clock=clock))


def _running(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> Iterator[Emulator]:
    with emulator as started:
        for name, value in started.environment.items():
            monkeypatch.setenv(name, value)
        yield started


@pytest.fixture(params=["anthropic", "openai"])
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)
