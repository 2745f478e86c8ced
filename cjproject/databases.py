"""A database that does not serve: of what kind that is, in the words of whoever has to mend it.

Never the driver's own words: they may quote a row.
"""

import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError, ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor

from cjproject.addresses import place
from cjproject.health import own_connection
from llmprovider.contracts.faults import kind_of

FAILED: Final = 1
DOES_NOT_SERVE: Final = (OperationalError, InterfaceError)
# How long a command waits until a server lets it in; a longer `connect_timeout` in DATABASE_URL
# counts. One that is far away, or wakes at the first connection, needs more than a probe allows.
PATIENCE_SECONDS: Final = 10
_PAUSE_SECONDS: Final = 0.2
# Commands whose first step is to ask the database, and that do nothing without it.
_ASK_FIRST: Final = frozenset(
    {"migrate", "createsuperuser", "changepassword", "cj_doctor", "cj_forget"}
)
_STARTING: Final = "it is starting"
# Patterns of the driver's words, and what they mean. The first that is found counts.
_KINDS: Final = (
    ("password authentication failed", "it does not accept the password of user {user}"),
    ("no password supplied", "it wants a password of user {user}"),
    (r"no pg_hba\.conf entry", "it does not let user {user} in from here (pg_hba.conf)"),
    (r'role ".*" does not exist', "it knows no user {user}"),
    (r'database ".*" does not exist', "it has no database {name}"),
    ("[Cc]onnection refused", "nothing answers there"),
    ("unreachable|No route to host", "nothing answers there"),
    ("timeout expired|timed out", "it does not answer in time"),
    ("resolve host", "there is no such host"),
    ("Name or service not known", "there is no such host"),
    ("too many clients", "all its connections are taken"),
    ("connection slots", "all its connections are taken"),
    ("starting up|not yet accepting connections|in recovery mode", _STARTING),
    ("shutting down", "it is shutting down"),
    ("No such file or directory", "nothing answers there"),
)
# A table or column that is not there: PostgreSQL's codes, and SQLite's words, which has none.
_UNDEFINED: Final = frozenset({"42P01", "42703"})
_SQLITE_UNDEFINED: Final = re.compile(r"no such (table|column): |table \w+ has no column named ")


def require_database() -> None:
    """Ask the database whether it lets us in; a pool would take half a minute over a refusal.

    Raises CommandError, with its kind.
    """
    if connection.vendor == "postgresql" and (problem := _problem()) is not None:
        raise CommandError(_refusal(problem), returncode=FAILED)


def does_not_serve(error: BaseException) -> str:
    """What an error of the database means, in one sentence with its remedy."""
    if lacks_tables(error):
        return _other_tables()
    if connection.vendor != "postgresql":
        return f"The database does not serve: {kind_of(error)}"
    problem = _problem()
    if problem is None:  # a deadlock, a time-out: the address is right
        return f"The database refused a step: {kind_of(error)}"
    return _refusal(problem)


def lacks_tables(error: BaseException) -> bool:
    """Whether an error says that a table or column is not there."""
    if getattr(error.__cause__, "sqlstate", None) in _UNDEFINED:
        return True
    return connection.vendor == "sqlite" and bool(_SQLITE_UNDEFINED.match(str(error)))


def kind_words(error: BaseException | None, user: str, name: str) -> str:
    """What PostgreSQL's error says, in our words; empty where it is none of the usual kinds."""
    said = str(error)
    return next(
        (words.format(user=user, name=name) for sign, words in _KINDS if re.search(sign, said)),
        "",
    )


def patience_seconds() -> int:
    """How long a command waits for PostgreSQL: what DATABASE_URL allows, if more than ours."""
    asked = connection.settings_dict.get("OPTIONS", {}).get("connect_timeout")
    return max(PATIENCE_SECONDS, asked if isinstance(asked, int) else 0)


def _other_tables() -> str:
    with own_connection(patience_seconds()) as own:
        executor = MigrationExecutor(own)
        behind = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if behind:
        return f"The database at {_where()} is not up to date. Run: manage.py migrate"
    return (
        f"The database at {_where()} was made by another version of this program: name another "
        "CJ_DATA_DIR or DATABASE_URL, or move it away and run: manage.py migrate"
    )


def _refusal(problem: BaseException) -> str:
    settings = connection.settings_dict
    words = kind_words(problem, settings["USER"], settings["NAME"]) or kind_of(problem)
    return f"The database at {_where()} does not serve: {words}. See to it, or mend DATABASE_URL"


def _where() -> str:
    settings = connection.settings_dict
    if connection.vendor == "postgresql":
        return place(settings["HOST"], settings["PORT"])
    return str(settings["NAME"])


def _problem() -> BaseException | None:
    """Why PostgreSQL lets nobody in; one that is starting is asked again for a while."""
    patience = patience_seconds()
    deadline = time.monotonic() + patience
    while True:
        problem = _asked(patience)
        if kind_words(problem, "", "") != _STARTING or time.monotonic() > deadline:
            return problem
        time.sleep(_PAUSE_SECONDS)


def _asked(patience: int) -> BaseException | None:
    try:
        with own_connection(patience) as own, own.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DOES_NOT_SERVE as error:
        return error
    return None


@contextmanager
def ending_plainly(command: Sequence[str]) -> Iterator[None]:
    """Where the database does not serve in the block, end with one line and exit code 1."""
    try:
        if _ASK_FIRST.intersection(command):
            require_database()
        yield
    except CommandError as error:
        message = str(error)
    except DOES_NOT_SERVE as error:
        message = does_not_serve(error)
    except ProgrammingError as error:
        if not lacks_tables(error):
            raise
        message = does_not_serve(error)
    else:
        return
    print(message, file=sys.stderr)  # noqa: T201
    raise SystemExit(FAILED)
