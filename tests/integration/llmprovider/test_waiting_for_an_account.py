"""Whoever waited for the lock of a batch's account reckons from when it was given."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from llmprovider.calls import admissions
from llmprovider.calls.admissions import Begun, begin, begin_in_line
from llmprovider.models import QueueItem
from llmprovider.queueing.picking import waiting_lines
from tests.integration.llmprovider.comparisons import bundle_of

pytestmark = pytest.mark.django_db

WAIT = timedelta(seconds=30)


@pytest.fixture
def slow_lock(monkeypatch):
    """The account is given only after WAIT, by the clock that admissions read."""
    waited = [timedelta(0)]
    clock = type("Clock", (), {"now": staticmethod(lambda: timezone.now() + waited[0])})
    monkeypatch.setattr(admissions, "timezone", clock)

    def wait_for_the_account(execute, sql, params, many, context):
        if "batchaccount" in sql and sql.startswith("SELECT"):
            waited[0] = WAIT
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wait_for_the_account):
        yield


@pytest.mark.parametrize("by_line", [True, False])
def test_a_lease_lasts_from_when_the_account_was_given(slow_lock, by_line):
    bundle = bundle_of(2)
    asked = timezone.now()
    if by_line:
        (line,) = waiting_lines(asked, {})
        step = begin_in_line(line, give_way=False)
    else:
        step = begin(str(bundle.pk))
    assert isinstance(step, Begun)
    assert step.call.started_at >= asked + WAIT
    assert {item.claimed_at >= asked + WAIT for item in QueueItem.objects.all()} == {True}
