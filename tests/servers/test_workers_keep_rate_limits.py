"""Four worker processes and a vendor with tight limits: none is broken, and none goes unused."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from llmprovider.emulator import Call, Emulator, busiest_window
from llmprovider.gates import rate_windows
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
AT_LEAST = 0.9
# So many calls must come in at that rate. A quarter of a minute's: a machine that stands still for
# some seconds takes them from one minute, and the limits do not let the next make up for it.
CALLS = 10
# All comparisons, at the rate of the limits.
PATIENCE_SECONDS = 230
COMPARISONS = 160
# What a call may be late at the vendor without breaking a limit, and how many may be later: those
# whose workers stood still in between.
SLACK_SECONDS = rate_windows.WINDOW_SECONDS - 60
STALLED = 20
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


def used(calls: list[Call], amount: Callable[[Call], float], limit: float) -> float:
    """The rate, per minute, at which the CALLS that came in fastest did: each with those before it
    that make up a minute's limit, over the time that all of them took."""
    arrivals = sorted((call.at, amount(call)) for call in calls)
    rates = []
    for last in range(len(arrivals)):
        taken, before = 0.0, last
        while before >= 0 and taken < limit:
            taken += arrivals[before][1]
            before -= 1
        if before >= 0 and taken >= limit:
            rates.append(taken / (arrivals[last][0] - arrivals[before][0]) * 60)
    return sorted(rates)[-CALLS] if len(rates) >= CALLS else 0.0


def late(calls: list[Call], site: Site) -> list[Call]:
    """Those that came in long after they had been granted."""
    granted = dict(
        site.rows(
            "SELECT vendor_request_id, extract(epoch FROM started_at)::float "
            "FROM llmprovider_providercall"
        )
    )
    return [call for call in calls if call.at - granted.get(call.request_id, 0.0) > SLACK_SECONDS]


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

        def uses() -> tuple[float, float]:
            by_requests, by_tokens = (of(emulator, path) for path in PATHS)
            return used(by_requests, one, REQUESTS), used(by_tokens, tokens, TOKENS)

        def well_used() -> bool:
            of_requests, of_tokens = uses()
            return of_requests >= AT_LEAST * REQUESTS and of_tokens >= AT_LEAST * TOKENS

        with suppress(pytest.fail.Exception):  # the last lines say what was not used
            wait_until(well_used, PATIENCE_SECONDS, "good use", alive=[*runs, *workers])

    by_requests, by_tokens = (of(emulator, path) for path in PATHS)
    assert {call.status for call in emulator.calls} == {200}
    most = (busiest_window(by_requests, one), busiest_window(by_tokens, tokens))
    stalled = [late(calls, site) for calls in (by_requests, by_tokens)]
    record_property("most requests and tokens in any 60 s", str(most))
    record_property("requests and tokens used per minute", str(uses()))
    record_property("calls that came in late", str([len(calls) for calls in stalled]))
    assert sum(map(len, stalled)) <= STALLED
    assert most[0] <= REQUESTS + len(stalled[0])
    assert most[1] <= TOKENS + sum(map(tokens, stalled[1]))
    requests_used, tokens_used = uses()
    assert requests_used >= AT_LEAST * REQUESTS
    assert tokens_used >= AT_LEAST * TOKENS
