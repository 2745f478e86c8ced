"""A PostgreSQL that lets nobody in at first: commands wait for it longer than a probe does."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, repeat

import pytest

from tests.servers.sites import Site

pytestmark = pytest.mark.servers
MakeSite = Callable[..., Site]

STARTING = "the database system is starting up"
NO_DATABASE = 'database "essays" does not exist'
LONGER_THAN_A_PROBE_SECONDS = 3.0


@contextmanager
def doorkeeper(*first: str, then: str, after_seconds: float = 0.0) -> Iterator[int]:
    """A port that speaks PostgreSQL's protocol and turns everybody away: `first`, then `then`."""
    words = chain(first, repeat(then))
    done = threading.Event()

    def keep(door: socket.socket) -> None:
        while True:
            try:
                caller, _ = door.accept()
            except OSError:  # closed: the test is over
                return
            with caller, suppress(OSError):  # who gave up is not talked to
                caller.recv(4096)
                done.wait(after_seconds)
                fields = f"SFATAL\0VFATAL\0C57P03\0M{next(words)}\0\0".encode()
                caller.sendall(b"E" + (len(fields) + 4).to_bytes(4) + fields)

    with socket.create_server(("127.0.0.1", 0)) as door:
        keeper = threading.Thread(target=keep, args=[door])
        keeper.start()
        try:
            yield door.getsockname()[1]
        finally:
            done.set()
            door.shutdown(socket.SHUT_RDWR)
            keeper.join()


def told(make_site: MakeSite, port: int) -> str:
    url = f"postgres://ann:hush@127.0.0.1:{port}/essays?sslmode=disable&gssencmode=disable"
    with make_site(DATABASE_URL=url) as site:
        words = site.manage("cj_forget", "1", exits=1).tail()
    assert "hush" not in words
    return words


def test_a_command_waits_while_the_database_starts(make_site: MakeSite) -> None:
    with doorkeeper(STARTING, STARTING, then=NO_DATABASE) as port:
        assert "it has no database essays" in told(make_site, port)


def test_a_command_waits_for_a_database_that_is_slow_to_let_it_in(make_site: MakeSite) -> None:
    with doorkeeper(then=NO_DATABASE, after_seconds=LONGER_THAN_A_PROBE_SECONDS) as port:
        assert "it has no database essays" in told(make_site, port)
