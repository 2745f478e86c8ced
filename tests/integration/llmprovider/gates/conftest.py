"""Settings made for one test do not outlive it, and time is what the tests say."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from llmprovider.conf import get_settings
from llmprovider.gates import admission


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture(autouse=True)
def no_wait_for_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a moment in which the machine does something else would be added to the tests' clock."""
    monkeypatch.setattr(admission, "time", SimpleNamespace(monotonic=lambda: 0.0))
