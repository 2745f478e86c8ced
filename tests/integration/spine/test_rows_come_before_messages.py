"""No message names rows that others cannot see yet, and none is sent for rows that never came."""

import pytest
from django.db import transaction

from assessment.lifecycle.starting import start
from llmprovider.models import QueueItem
from tests.integration.assessment.essays import batch
from tests.integration.spine.brokers import Broker


@pytest.fixture
def broker(transactional_db):
    """The in-memory broker without a worker; empty before and after."""
    empty = Broker()
    empty.take()
    yield empty
    empty.take()


def test_a_wave_is_announced_when_its_rows_are_committed(broker):
    """P-65: the tracking row is there before any provider can answer."""
    one = batch(4)
    with transaction.atomic():
        start(one.pk)
        assert QueueItem.objects.count() == 6
        assert broker.take() == []
    assert {task for task, _ in broker.take()} == {"llmprovider.process_bundle"}


def test_a_wave_that_was_rolled_back_is_not_announced(broker):
    """P-65, P-66"""
    one = batch(4)
    with transaction.atomic():
        start(one.pk)
        transaction.set_rollback(True)
    assert not QueueItem.objects.exists()
    assert broker.take() == []
    one.refresh_from_db()
    assert (one.status, one.submitted) == ("PENDING", 0)
