"""Nobody loads what takes seconds to load without a use for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
VENDORS = {"anthropic", "openai"}
SLOW = {*VENDORS, "scipy.stats"}
SERVERS = {
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/essays",
}
KEYS = {"ANTHROPIC_API_KEY": "dummy", "OPENAI_API_KEY": "dummy"}
COMMAND = """
from django.core.management import ManagementUtility
ManagementUtility(["manage.py", "check"]).execute()
import assessment.management.commands.eng5
"""
CALL = """
import django
django.setup()
from llmprovider.providers.registry import batch_provider_for, provider_for
provider_for("{0}"), batch_provider_for("{0}", None)
"""
WORKER = """
sys.argv = ["/bin/celery", "worker"]
from cjproject.celery import app
app.WorkController(queues=["{0}"], pool="prefork")
"""


def loaded(folder: Path, code: str, **environment: str) -> set[str]:
    """Names of the modules that a process has loaded at the end of its code."""
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"],
        cwd=ROOT,
        env={**os.environ, "CJ_DATA_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ended.stderr.split())


def test_no_vendor_library_is_loaded_before_a_call(tmp_path) -> None:
    seen = loaded(tmp_path, COMMAND)
    assert "llmprovider.providers.registry" in seen
    assert not SLOW & seen


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_a_call_loads_the_library_of_its_own_vendor_only(tmp_path, vendor) -> None:
    seen = loaded(tmp_path, CALL.format(vendor), **KEYS)
    assert VENDORS & seen == {vendor}


@pytest.mark.parametrize(
    ("queue", "keys", "there"),
    [
        ("provider", ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"], VENDORS),
        ("jobs", ["OPENAI_API_KEY"], {"openai"}),
        ("assessment", ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"], set()),
    ],
)
def test_workers_load_those_they_may_call_before_they_fork(tmp_path, queue, keys, there) -> None:
    """Once for all children, and no first call waits for it."""
    environment = {key: KEYS[key] for key in keys}
    seen = loaded(tmp_path, WORKER.format(queue), **SERVERS, **environment)
    assert "celery.concurrency.prefork" in seen
    assert VENDORS & seen == there
