"""docs/workers.md says which worker settings are in force; they must be, and fit each other."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from llmprovider.conf import ProviderSettings
from llmprovider.queueing import messages

PROJECT = Path(__file__).resolve().parents[3]
MANUAL = (PROJECT / "docs" / "workers.md").read_text(encoding="utf-8")
PRINT = """
import json
from cjproject import settings
print(json.dumps({
    "transport": settings.CELERY_BROKER_TRANSPORT_OPTIONS,
    "database": {k: v for k, v in settings.DATABASES["default"].items() if k[:4] == "CONN"},
    **{k: v for k, v in vars(settings).items() if k[:7] == "CELERY_"
       and isinstance(v, (bool, int, str))},
}))
"""


@pytest.fixture(scope="module")
def on_servers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The settings as a worker on PostgreSQL and Redis reads them; no server is asked."""
    environment = {
        **os.environ,
        "CJ_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "DATABASE_URL": "postgresql://nobody@localhost/nothing",
        "REDIS_URL": "redis://localhost/0",
    }
    done = subprocess.run(
        [sys.executable, "-c", PRINT],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return {**found, **found.pop("transport"), **found.pop("database")}  # type: ignore[dict-item]


def said(name: str) -> str:
    """The value that the manual's table gives."""
    found = re.search(rf"^\| `?{name}`?[^|]*\| ([^|]*) \|", MANUAL, re.MULTILINE)
    assert found, f"docs/workers.md does not tell of {name}"
    return found.group(1)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CELERY_TASK_ACKS_LATE", True, "on"),
        ("CELERY_TASK_REJECT_ON_WORKER_LOST", True, "on (Redis)"),
        ("visibility_timeout", 3600, "3,600 s"),
        ("unacked_restore_interval", 10, "10 s, 1"),
        ("CELERY_WORKER_PREFETCH_MULTIPLIER", 1, "1"),
        ("CELERY_TASK_IGNORE_RESULT", True, "on"),
        ("CELERY_RESULT_EXPIRES", 6 * 3600, "6 h"),
        ("CELERY_RESULT_CHORD_EXPIRES", 2 * 24 * 3600, "2 days (Redis)"),
        ("CELERY_RESULT_EXTENDED", False, "off"),
        ("CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP", True, "on"),
        ("CONN_HEALTH_CHECKS", True, "on"),
    ],
)
def test_it_is_as_the_manual_says(
    name: str, value: object, words: str, on_servers: dict[str, object]
) -> None:
    assert on_servers[name] == value
    assert said(name) == words


def test_lost_messages_are_looked_for_without_delay(on_servers: dict[str, object]) -> None:
    assert on_servers["unacked_restore_throttle"] == 1


def test_no_time_limit_is_relied_on(on_servers: dict[str, object]) -> None:
    """Threads ignore them."""
    assert not [name for name in on_servers if "TIME_LIMIT" in name]
    assert said("time limits") == "none"


def test_live_work_is_handed_out_once(on_servers: dict[str, object]) -> None:
    """A call ends before its lease, and both before the broker takes its worker for dead."""
    settings = ProviderSettings()
    assert settings.PROVIDER_TIMEOUT_SECONDS < settings.PROCESSING_LEASE_SECONDS
    visible = float(str(on_servers["visibility_timeout"]))
    assert visible >= 3 * settings.PROVIDER_TIMEOUT_SECONDS
    assert visible >= 3 * messages.SLOT.total_seconds()
