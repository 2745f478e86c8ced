"""Real PostgreSQL and Redis, started once for all tests here; every site has its own part."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers.postgresql import PostgreSQL, running_postgresql
from tests.servers.redis_servers import Redis, running_redis
from tests.servers.sites import Site

MIGRATED = "migrated"

MakeSite = Callable[..., Site]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    with running_redis() as server:
        yield server


@pytest.fixture(scope="session")
def make_site(
    postgresql: PostgreSQL, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> MakeSite:
    """Sites with a migrated database and an empty broker of their own; settings as keywords."""
    numbers = itertools.count(1)
    folder: Path = tmp_path_factory.mktemp("sites")
    url = postgresql.create_database(MIGRATED)
    with Site(folder / MIGRATED, database_url=url, redis_url=redis_server.url(0)) as first:
        first.manage("migrate", "--verbosity", "0")

    def make(**settings: str) -> Site:
        number = next(numbers)
        return Site(
            folder / f"site{number}",
            database_url=postgresql.create_database(f"site{number}", MIGRATED),
            redis_url=redis_server.url(number),
            **settings,
        )

    return make


@pytest.fixture
def site(make_site: MakeSite) -> Iterator[Site]:
    with make_site() as one:
        yield one
