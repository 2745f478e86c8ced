"""A running provider emulator for tests of any part.

    from tests.emulators import emulator, running          # in a conftest or a test module

    def test_it_does(emulator):                             # profile "instant", own free port
        emulator.fail_next("rate_limit", retry_after=0.2)   # one-shot faults, `times=`, `model=`
        ...                                                 # SDK environment is already set
        assert [call.status for call in emulator.calls] == [429, 200]

    with running(profile="flaky", judge=LatentJudge(seed=3)) as emulator: ...

The fixture sets ANTHROPIC_BASE_URL, OPENAI_BASE_URL and dummy keys in the environment of the test,
so real SDK clients made meanwhile talk to the emulator.
"""

from collections.abc import Iterator

import pytest

from llmprovider.emulator import Emulator

running = Emulator


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with Emulator() as started:
        for name, value in started.environment.items():
            monkeypatch.setenv(name, value)
        yield started
