"""Runs by batch jobs of both vendors, at the pace of a clock that the test moves."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from llmprovider.emulator import Emulator, SetClock
from llmprovider.emulator.profiles import JobPace, Profile

# Half an hour to an hour.
SLOW = Profile("slow", "Jobs that take their time.", jobs=JobPace(60, 1800, 1800, 60, 60, late=0))
JUDGES = ("--judge", "anthropic:claude-haiku-4-5", "--judge", "openai:gpt-6-luna")
BY_JOBS = ("--llm-batching-mode", "provider_batch_api")
# So that no test waits for the second look, or long for a job that may not have arrived.
SOON = {
    "LLM_PROVIDER_SERVICE_BATCH_POLL_FIRST_SECONDS": "0.2",
    "LLM_PROVIDER_SERVICE_BATCH_POLL_MAX_SECONDS": "1",
    "LLM_PROVIDER_SERVICE_SUBMIT_SETTLE_SECONDS": "2",
}


@pytest.fixture
def clock() -> SetClock:
    return SetClock(time.time())


@pytest.fixture
def slow(clock: SetClock) -> Iterator[Emulator]:
    with Emulator(SLOW, clock=clock) as emulator:
        yield emulator


def charged(emulator: Emulator) -> Any:
    """What the vendors charge for their jobs, as money is compared."""
    return pytest.approx(sum(job["charged_usd"] for job in emulator.jobs))
