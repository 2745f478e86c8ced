"""README, "The first run with a real judge": its commands, the emulator in the vendor's place."""

import shlex
from pathlib import Path

import pytest

from llmprovider.emulator import Emulator
from tests.conftest import PROJECT
from tests.emulators import emulator
from tests.integration.eng5.runner import eng5_here, read_run
from tests.unit.project.documents import blocks

__all__ = ["emulator"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _runs_go_to_the_tests_folder(settings, monkeypatch, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "samples").symlink_to(PROJECT / "samples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOG_LEVEL", "INFO")  # as the command finds it, for the tests after this


def commands() -> dict[str, list[str]]:
    """The arguments after `eng5`, by the first of them; with fewer comparisons, to save time."""
    typed = [
        shlex.split(block.replace("\\\n", " ").replace("comparisons 200", "comparisons 12"))
        for block in blocks(PROJECT / "README.md", "console")
        if "manage.py eng5" in block
    ]
    return {words[3]: words[3:] for words in typed}


def test_plan_then_execute_below_the_cap(emulator: Emulator, capsys, tmp_path: Path) -> None:
    found = commands()
    assert set(found) == {"plan", "execute"}
    planned = eng5_here(capsys, *found["plan"]).succeeded().out
    assert "cost" in planned and emulator.calls == []
    eng5_here(capsys, *found["execute"], "--json").succeeded()
    document = read_run(tmp_path / "runs" / "haiku")
    assert document["batch"]["status"] == "COMPLETED"
    assert emulator.calls
    cap = float(found["execute"][found["execute"].index("--money-cap") + 1])
    assert 0 < float(document["cost"]["usd"]) < cap
