"""docs/runbook.md, "Backup": its PostgreSQL commands, in the middle of a run."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.servers.conftest import MakeSite
from tests.servers.postgresql import PostgreSQL, find_programs
from tests.servers.sites import Site, run_in, sample_run
from tests.unit.project.documents import blocks

pytestmark = pytest.mark.servers


def command(program: str) -> str:
    """The line of the runbook that begins with this program."""
    lines = [
        line
        for block in blocks(PROJECT / "docs" / "runbook.md", "console")
        for line in block.splitlines()
        if line.startswith(program)
    ]
    assert len(lines) == 1
    return lines[0]


def shell(line: str, folder: Path, database_url: str) -> None:
    programs = f"{find_programs()}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env={**os.environ, "PATH": programs, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_run_ends_in_the_restored_database(
    postgresql: PostgreSQL, make_site: MakeSite, tmp_path: Path
) -> None:
    """Backed up before anything was judged, restored into an empty database, resumed there."""
    with make_site() as first:
        # No worker is at work, so the command only creates the batch.
        first.manage(
            *sample_run(tmp_path / "run", "--max-comparisons", "24", "--label", "kept", "--detach")
        )
        shell(command("pg_dump"), tmp_path, first.database_url)
    restored = postgresql.create_database("restored", "template0")
    shell(command("pg_restore"), tmp_path, restored)
    # Without Redis: the command judges by itself, and no message is left of what was before.
    with Site(tmp_path / "second", database_url=restored) as second:
        second.manage("migrate", "--verbosity", "0")
        second.manage("eng5", "resume", "kept")
        assert run_in(tmp_path / "run")["batch"]["status"] == "COMPLETED"
        second.manage("cj_doctor")
