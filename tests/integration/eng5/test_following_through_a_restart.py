"""A database that restarts does not end the command that follows a batch."""

import io
from collections.abc import Iterator

import pytest
from django.db import InterfaceError, OperationalError

from assessment.eng5 import following
from assessment.eng5.following import follow
from tests.integration.assessment.essays import batch

pytestmark = pytest.mark.django_db


def raising(errors: Iterator[Exception]) -> None:
    """What a look at a server meets that goes away and comes back."""
    for error in errors:
        raise error


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "JOB_POLL_SECONDS", 0.01)
    # Connections of a test's transaction stay open.
    monkeypatch.setattr(following, "close_old_connections", lambda: None)


@pytest.mark.usefixtures("_at_once")
def test_it_looks_again_when_the_server_is_back() -> None:
    """Issue 7: the database restarted."""
    one = batch()
    errors = iter([OperationalError("server closed the connection"), InterfaceError("closed")])
    seen = follow(
        one.pk,
        stream=io.StringIO(),
        step_in=lambda: raising(errors),
        until=lambda seen: True,
    )
    assert seen.batch.pk == one.pk
    assert next(errors, None) is None


@pytest.mark.usefixtures("_at_once")
def test_it_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "DATABASE_PATIENCE", 0.05)
    one = batch()
    errors = iter(lambda: OperationalError("gone"), None)
    with pytest.raises(OperationalError):
        follow(one.pk, stream=io.StringIO(), step_in=lambda: raising(errors))
