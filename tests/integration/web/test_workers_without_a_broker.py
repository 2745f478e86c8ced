"""A worker or beat without REDIS_URL would wait for ever for work that nobody can send to it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT


@pytest.mark.parametrize("kind", ["worker", "beat"])
def test_they_refuse_to_start_and_say_what_is_missing(kind: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "cjproject", kind],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "CJ_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("REDIS_URL is not set: web and eng5 judge by themselves")
    assert "Traceback" not in done.stderr
