"""A database whose tables do not fit this program: told with what mends it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from cjproject.databases import does_not_serve, lacks_tables

PROJECT = Path(__file__).resolve().parents[3]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT heron FROM assessment_batch",
        "SELECT id FROM assessment_heron",
        "INSERT INTO assessment_batch (heron) VALUES (1)",
    ],
)
def test_a_missing_column_or_table_is_of_another_version(statement: str) -> None:
    with pytest.raises(DatabaseError) as raised, transaction.atomic():
        connection.cursor().execute(statement)
    assert lacks_tables(raised.value)
    told = does_not_serve(raised.value)
    assert "was made by another version of this program" in told
    assert "CJ_DATA_DIR" in told
    assert "heron" not in told


@pytest.mark.django_db
def test_another_bad_statement_is_not_taken_for_it() -> None:
    with pytest.raises(DatabaseError) as raised, transaction.atomic():
        connection.cursor().execute("SELECT no such table")
    assert not lacks_tables(raised.value)


def test_a_database_that_was_never_migrated_wants_migrate(tmp_path: Path) -> None:
    environment = {**os.environ, "CJ_DATA_DIR": str(tmp_path)}
    environment.pop("DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "manage.py", "cj_forget", "1"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith("is not up to date. Run: manage.py migrate")
    assert str(tmp_path) in line
