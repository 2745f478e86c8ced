"""A clean broker around each test: what one leaves behind would be worked by the next."""

from collections.abc import Iterator

import pytest

from tests.emulators import emulator
from tests.integration.spine.brokers import Broker

__all__ = ["emulator"]


@pytest.fixture(autouse=True)
def _clean_broker(transactional_db: None) -> Iterator[None]:
    Broker().take()
    yield
    Broker().take()
