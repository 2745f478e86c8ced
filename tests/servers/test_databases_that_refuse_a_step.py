"""A PostgreSQL that answers, and still does not do what it is asked: told as what it is."""

from collections.abc import Callable

import psycopg
import pytest

from tests.servers.sites import Site

pytestmark = pytest.mark.servers
MakeSite = Callable[..., Site]


def said(site: Site, **settings: str) -> str:
    site.environment.update(settings)
    words = site.manage("cj_forget", "1", exits=1).tail()
    assert "Traceback" not in words
    return words


def test_a_step_that_took_too_long_is_not_told_as_a_wrong_address(site: Site) -> None:
    impatient = f"{site.database_url}?options=-c%20lock_timeout%3D200"
    with psycopg.connect(site.database_url) as other:
        other.execute("LOCK TABLE assessment_batch")
        words = said(site, DATABASE_URL=impatient)
    assert "The database refused a step: OperationalError (LockNotAvailable)" in words
    assert "DATABASE_URL" not in words


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE assessment_batch RENAME COLUMN label TO old_label",
        "ALTER TABLE assessment_batch RENAME TO assessment_old_batch",
    ],
)
def test_tables_of_another_version_are_told_as_that(change: str, site: Site) -> None:
    with psycopg.connect(site.database_url) as other:
        other.execute(change)
    assert "was made by another version of this program" in said(site)


def test_a_database_without_tables_wants_migrate(site: Site) -> None:
    with psycopg.connect(site.database_url) as other:
        other.execute("DROP SCHEMA public CASCADE")
        other.execute("CREATE SCHEMA public")
    assert "is not up to date. Run: manage.py migrate" in said(site)
