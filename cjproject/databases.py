"""A database that does not serve: of what kind that is, in the words of whoever has to mend it.

Never the driver's own words: they may quote a row.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError, connection

from cjproject.addresses import place
from cjproject.health import own_connection
from llmprovider.contracts.faults import kind_of

FAILED: Final = 1
DOES_NOT_SERVE: Final = (OperationalError, InterfaceError)
# Commands whose first step is to ask the database, and that do nothing without it.
_ASK_FIRST: Final = frozenset(
    {"migrate", "createsuperuser", "changepassword", "cj_doctor", "cj_forget"}
)
# Patterns of the driver's words, and what they mean. The first that is found counts.
_KINDS: Final = (
    ("password authentication failed", "it does not accept the password of user {user}"),
    ("no password supplied", "it wants a password of user {user}"),
    (r"no pg_hba\.conf entry", "it does not let user {user} in from here (pg_hba.conf)"),
    (r'role ".*" does not exist', "it knows no user {user}"),
    (r'database ".*" does not exist', "it has no database {name}"),
    ("[Cc]onnection refused", "nothing answers there"),
    ("timeout expired|timed out", "it does not answer in time"),
    ("resolve host", "there is no such host"),
    ("Name or service not known", "there is no such host"),
    ("too many clients", "all its connections are taken"),
    ("connection slots", "all its connections are taken"),
    ("starting up", "it is starting"),
    ("shutting down", "it is shutting down"),
    ("No such file or directory", "nothing answers there"),
)


def require_database() -> None:
    """Ask the database whether it lets us in; a pool would take half a minute over a refusal.

    Raises CommandError, with its kind.
    """
    if connection.vendor == "postgresql" and (problem := _problem()) is not None:
        raise CommandError(does_not_serve(problem), returncode=FAILED)


def does_not_serve(error: BaseException) -> str:
    """What an error of the database means, in one sentence with its remedy."""
    if connection.vendor != "postgresql":
        return f"The database does not serve: {kind_of(error)}"
    settings = connection.settings_dict
    where = place(settings["HOST"], settings["PORT"])
    user, name = settings["USER"], settings["NAME"]
    words = kind_words(error, user, name) or kind_words(_problem(), user, name) or kind_of(error)
    return f"The database at {where} does not serve: {words}. See to it, or mend DATABASE_URL"


def kind_words(error: BaseException | None, user: str, name: str) -> str:
    """What PostgreSQL's error says, in our words; empty where it is none of the usual kinds."""
    said = str(error)
    return next(
        (words.format(user=user, name=name) for sign, words in _KINDS if re.search(sign, said)),
        "",
    )


def _problem() -> BaseException | None:
    try:
        with own_connection() as own, own.cursor() as cursor:
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
    else:
        return
    print(message, file=sys.stderr)  # noqa: T201
    raise SystemExit(FAILED)
