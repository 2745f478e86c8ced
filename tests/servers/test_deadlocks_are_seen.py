"""A deadlock stands in the database's own log: what the other tests look for can be found there."""

import threading
from contextlib import suppress

import psycopg
import pytest
from psycopg.errors import DeadlockDetected

from tests.servers.postgresql import running_postgresql

pytestmark = pytest.mark.servers


def lock_in_turn(url: str, rows: tuple[int, int], both: threading.Barrier) -> None:
    take = "UPDATE held SET taken = taken + 1 WHERE id = %s"
    with suppress(DeadlockDetected), psycopg.connect(url) as connection:
        connection.execute(take, rows[:1])
        both.wait(timeout=60)
        connection.execute(take, rows[1:])


def test_it_is_told_of_its_own_database_and_outlives_the_server() -> None:
    """T11: chaos starts the server again, and its scenarios share one."""
    with running_postgresql() as server:
        url = server.create_database("met")
        server.create_database("met2")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE held (id int PRIMARY KEY, taken int)")
            connection.execute("INSERT INTO held VALUES (1, 0), (2, 0)")
        assert server.deadlocks("met") == []
        _cross(url)
        seen = server.deadlocks("met")
        assert len(seen) == 1 and "deadlock detected" in seen[0]
        assert server.deadlocks("met2") == []
        server.crash()
        server.begin()
        assert server.deadlocks("met") == seen


def _cross(url: str) -> None:
    """Two transactions, each of which wants what the other has."""
    both = threading.Barrier(2)
    threads = [
        threading.Thread(target=lock_in_turn, args=(url, rows, both)) for rows in ((1, 2), (2, 1))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=90)
