"""Settings made for one test do not outlive it."""

from collections.abc import Iterator

import pytest

from llmprovider.conf import get_settings


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()
