"""A superuser's browser, and batches with rows in every table."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client

from assessment.models import Batch
from tests.integration.api.batches import work
from tests.integration.api.messages import drop_messages
from tests.integration.assessment.essays import batch


@pytest.fixture(autouse=True)
def _clean_broker() -> Iterator[None]:
    drop_messages()
    yield
    drop_messages()


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("boss"))
    return client


@pytest.fixture
def finished(db: None) -> Batch:
    return work(batch(4, 2).pk)
