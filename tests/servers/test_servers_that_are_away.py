"""A database or a Redis that does not serve is told at once, in a line, and nothing is begun."""

from collections.abc import Callable

import pytest

from tests.servers.postgresql import PostgreSQL
from tests.servers.sites import Site, sample_run

pytestmark = pytest.mark.servers
MakeSite = Callable[..., Site]

NOBODY = "127.0.0.1:1"


def test_no_run_is_begun_while_redis_is_away(make_site: MakeSite) -> None:
    with make_site(REDIS_URL=f"redis://:hush@{NOBODY}/0") as site:
        output = site.folder / "run"
        words = site.manage(*sample_run(output), exits=2).tail()
        assert f"Redis at {NOBODY} does not answer; nothing was started" in words
        assert "Traceback" not in words
        assert "hush" not in words
        assert site.value("SELECT count(*) FROM assessment_batch") == 0
        assert not output.exists()


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        (("migrate",), "port"),
        (("cj_doctor",), "user"),
        (("cj_forget", "1"), "name"),
        (("eng5", "status"), "name"),
    ],
)
def test_a_database_that_lets_nobody_in_is_told_by_its_kind(
    command: tuple[str, ...], wrong: str, make_site: MakeSite, postgresql: PostgreSQL
) -> None:
    url, told = {
        "name": (postgresql.url("elsewhere"), "it has no database elsewhere"),
        "user": (postgresql.url("essays").replace("://", "://not_"), "it knows no user not_"),
        "port": (f"postgres://ann:hush@{NOBODY}/essays", "nothing answers there"),
    }[wrong]
    with make_site(DATABASE_URL=url) as site:
        words = site.manage(*command, exits=1).tail()
    (line,) = [one for one in words.splitlines() if "does not serve" in one]
    assert told in line
    assert "psycopg.pool" not in words, "a pool tries for half a minute, and complains meanwhile"
    assert "Traceback" not in words
    assert "hush" not in words
