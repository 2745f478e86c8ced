"""Four worker processes and a vendor with tight limits: none is broken, and none goes unused."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from llmprovider.emulator import Call, Emulator, busiest_window
from tests.emulators import running
from tests.servers.conftest import MakeSite
from tests.servers.processes import Child, wait_until
from tests.servers.sites import SAMPLES, Site

pytestmark = pytest.mark.servers

REQUESTS, TOKENS = 40, 120_000  # per minute, both below what the vendor allows
LIMITS = {
    "anthropic": {"requests_per_minute": REQUESTS},
    "openai": {"tokens_per_minute": TOKENS},
}
# Workers make their clients first, and their first calls come late.
SETTLED_SECONDS = 10
# As long as a call takes its place: the pattern of a minute is in it once, whole.
MEASURED_SECONDS = 63
AT_LEAST = 0.9
COMPARISONS = 160
PATHS = ("/v1/messages", "/v1/responses")


def begin(site: Site, output: Path, judge: str) -> Child:
    return site.start_manage(
        *("eng5", "execute", "--students", SAMPLES / "students", "--output", output),
        *("--task", SAMPLES / "task.md", "--rubric", SAMPLES / "rubric.md", "--judge", judge),
        *("--llm-batching-mode", "per_request", "--max-comparisons", str(COMPARISONS)),
    )


def of(emulator: Emulator, endpoint: str) -> list[Call]:
    return [call for call in emulator.calls if call.endpoint == endpoint]


def tokens(call: Call) -> float:
    return call.input_tokens + call.output_tokens


def one(call: Call) -> float:
    return 1


def use(calls: list[Call], amount: Callable[[Call], float]) -> float:
    """How much came in per minute, on average, once all workers were at work."""
    start = min(call.at for call in calls) + SETTLED_SECONDS
    within = [amount(call) for call in calls if start <= call.at < start + MEASURED_SECONDS]
    return sum(within) / MEASURED_SECONDS * 60


def test_four_worker_processes_keep_every_limit_and_use_most_of_it(
    make_site: MakeSite, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """T10 and issue 5, as the vendor counts: requests at one vendor, tokens at the other."""
    with (
        running(profile="rate_limited") as emulator,
        make_site(
            LLM_PROVIDER_SERVICE_RATE_LIMITS=json.dumps(LIMITS),
            CJ_ASSESSMENT_SERVICE_COMPARISONS_PER_STABILITY_CHECK_ITERATION=str(COMPARISONS),
            **emulator.environment,
        ) as site,
    ):
        site.start_beat()
        workers = site.start_workers("one", "two", "three", "four")
        runs = [
            begin(site, tmp_path / "requests", "anthropic:claude-haiku-4-5"),
            begin(site, tmp_path / "tokens", "openai:gpt-4.1-mini"),
        ]

        seconds = SETTLED_SECONDS + MEASURED_SECONDS

        def measured() -> bool:
            firsts = [min((c.at for c in of(emulator, path)), default=None) for path in PATHS]
            return all(first and time.time() > first + seconds for first in firsts)

        wait_until(measured, seconds + 60, "a minute of calls", alive=[*runs, *workers])
        by_requests, by_tokens = (of(emulator, path) for path in PATHS)

    assert {call.status for call in emulator.calls} == {200}
    most = (busiest_window(by_requests, one), busiest_window(by_tokens, tokens))
    used = (use(by_requests, one), use(by_tokens, tokens))
    record_property("most requests and tokens in any 60 s", str(most))
    record_property("requests and tokens used per minute", str(used))
    assert most[0] <= REQUESTS
    assert most[1] <= TOKENS
    assert used[0] >= AT_LEAST * REQUESTS
    assert used[1] >= AT_LEAST * TOKENS
