"""PostgreSQL's and its driver's errors, told as what has to be mended and without their words."""

import pytest
from django.db import OperationalError, connection

from cjproject.databases import kind_words, patience_seconds

CONNECT = 'connection failed: connection to server at "127.0.0.1", port 5432 failed: '


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Connection refused\n\tIs the server running?", "nothing answers there"),
        ('FATAL:  password authentication failed for user "ann"', "the password of user ann"),
        ("fe_sendauth: no password supplied", "wants a password of user ann"),
        ('FATAL:  database "essays" does not exist', "it has no database essays"),
        ('FATAL:  role "ann" does not exist', "it knows no user ann"),
        (
            'FATAL:  no pg_hba.conf entry for host "h"',
            "does not let user ann in",
        ),
        ("connection timeout expired", "does not answer in time"),
        ("FATAL:  sorry, too many clients already", "all its connections are taken"),
        ("FATAL:  the database system is starting up", "it is starting"),
        ("FATAL:  the database system is not yet accepting connections", "it is starting"),
        ("FATAL:  the database system is in recovery mode", "it is starting"),
        ("Network is unreachable\n\tIs the server running?", "nothing answers there"),
        ("No route to host\n\tIs the server running?", "nothing answers there"),
        ("[Errno -2] Name or service not known", "there is no such host"),
        ('FATAL:  permission denied for database "essays"', ""),
        ("couldn't get a connection after 30.00 sec", ""),
    ],
)
def test_each_kind_of_refusal_has_words_of_its_own(said: str, told: str) -> None:
    words = kind_words(OperationalError(CONNECT + said), "ann", "essays")
    assert (told in words) if told else words == ""
    assert "FATAL" not in words and "127.0.0.1" not in words


def test_nothing_wrong_has_no_words() -> None:
    assert kind_words(None, "ann", "essays") == ""


@pytest.mark.parametrize(("asked", "waits"), [(None, 10), (3, 10), (25, 25)])
def test_commands_wait_as_long_as_the_address_allows_and_no_shorter_than_they_would(
    asked: int | None, waits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "connect_timeout", asked)
    assert patience_seconds() == waits
