"""Four worker processes on one database keep the limits together, on SQLite and PostgreSQL."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.servers.postgresql import running_postgresql

WORKERS = 4
SECONDS = 190
REQUESTS = 30
TOKENS = 13_000  # of 500 a call: 26 calls, so this limit is met first
LIMITS = {"anthropic": {"requests_per_minute": REQUESTS, "tokens_per_minute": TOKENS}}


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)],
)
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Of processes that share a migrated database."""
    with ExitStack() as stack:
        found = {
            **os.environ,
            "CJ_DATA_DIR": str(tmp_path),
            "PYTHONPATH": str(PROJECT),
            "LLM_PROVIDER_SERVICE_RATE_LIMITS": json.dumps(LIMITS),
        }
        found.pop("DATABASE_URL", None)
        if request.param == "postgresql":
            server = stack.enter_context(running_postgresql())
            found["DATABASE_URL"] = server.create_database("gates")
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=PROJECT,
            env=found,
            check=True,
        )
        yield found


def granted_by_processes(environment: dict[str, str]) -> tuple[list[int], list[int]]:
    """Calls granted in each second by all processes at once, and in all by each process."""
    command = [sys.executable, str(Path(__file__).with_name("asking_process.py"))]
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                subprocess.Popen(
                    command,
                    cwd=PROJECT,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(WORKERS)
        ]
        by_second, by_worker = [], [0] * WORKERS
        for second in range(SECONDS):
            first = second % WORKERS  # in turn, or those told last might never get anything
            for worker in [*workers[first:], *workers[:first]]:
                worker.stdin.write(f"{second}\n")
                worker.stdin.flush()
            granted = [int(worker.stdout.readline()) for worker in workers]
            by_second.append(sum(granted))
            by_worker = [sum(pair) for pair in zip(by_worker, granted, strict=True)]
        for worker in workers:
            worker.stdin.close()
    return by_second, by_worker


def test_four_processes_never_exceed_a_minute_and_use_most_of_it(environment):
    """T10"""
    by_second, by_worker = granted_by_processes(environment)
    most = max(sum(by_second[second : second + 60]) for second in range(SECONDS))
    calls_a_minute = min(REQUESTS, TOKENS // 500)
    assert most <= calls_a_minute
    assert sum(by_second) >= 0.9 * calls_a_minute * SECONDS / 60
    assert all(count > 0 for count in by_worker)  # they did compete
