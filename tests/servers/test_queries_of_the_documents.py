"""promtool (Debian: prometheus) reads every PromQL expression of the documents."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.unit.project.documents import pages, queries

pytestmark = pytest.mark.servers


def checked(folder: Path, expressions: list[str]) -> subprocess.CompletedProcess[str]:
    rules = [{"record": f"document:{n}", "expr": text} for n, text in enumerate(expressions)]
    path = folder / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "documents", "rules": rules}]}))
    return subprocess.run(
        ["promtool", "check", "rules", path], capture_output=True, text=True, check=False
    )


def test_each_is_sound(tmp_path: Path) -> None:
    expressions = [query for page in pages() for query in queries(page)]
    assert len(expressions) > 15
    done = checked(tmp_path, expressions)
    assert done.returncode == 0, done.stdout + done.stderr


def test_one_that_is_not_is_noticed(tmp_path: Path) -> None:
    assert checked(tmp_path, ["sum by (le rate(x[5m])"]).returncode != 0
