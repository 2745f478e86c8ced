"""A provider that hangs takes neither the workers of another nor those of the service itself."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction

from cjproject.embedded import EmbeddedStack
from llmprovider.conf import get_settings
from llmprovider.contracts import ErrorType, QueueMode, queue
from llmprovider.models import ProviderCall, QueueItem
from llmprovider.providers.base import ProviderError
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import comparison, set_queue
from tests.integration.spine.brokers import Broker
from tests.integration.vendors.emulated import wait_until

# Far above what an answered call takes here; the hanging ones hang until the test lets go.
PATIENCE = 60.0


@pytest.fixture(autouse=True)
def _clean_broker(transactional_db: None) -> Iterator[None]:
    Broker().take()
    yield
    Broker().take()


@contextmanager
def hanging(monkeypatch: pytest.MonkeyPatch, provider: str) -> Iterator[None]:
    """A provider that answers nobody before the block ends."""
    released = threading.Event()

    def hang(request):
        released.wait(4 * PATIENCE)
        raise ProviderError(ErrorType.TIMEOUT, "no answer")

    judges.put_in(monkeypatch, hang, provider=provider)
    try:
        yield
    finally:
        released.set()


def ask(batch_key: str, provider: str, model: str, number: int) -> None:
    """So many calls, each of its own comparison."""
    wanted = [
        comparison(
            place,
            batch_key=batch_key,
            queue_mode=QueueMode.PER_REQUEST,
            overrides={"provider": provider, "model": model},
            on_results="llmprovider.keep_results",
        )
        for place in range(number)
    ]
    with transaction.atomic():
        tickets = queue.submit(wanted)
        transaction.on_commit(lambda: [ticket.apply_async() for ticket in tickets])


def under_way(provider: str) -> int:
    return ProviderCall.objects.filter(provider=provider, finished_at__isnull=True).count()


def delivered(batch_key: str) -> int:
    return QueueItem.objects.filter(batch_key=batch_key, delivered_at__isnull=False).count()


def test_another_provider_is_asked_while_one_hangs(monkeypatch, transactional_db):
    """T9: it is asked, and its results come home."""
    judges.put_in(monkeypatch, provider="openai")
    with EmbeddedStack(), hanging(monkeypatch, "anthropic"):
        ask("hangs", "anthropic", "claude-haiku-4-5", 24)
        wait_until(lambda: under_way("anthropic") == 8, PATIENCE, "its share to be taken")
        ask("works", "openai", "gpt-4.1", 4)
        wait_until(lambda: delivered("works") == 4, PATIENCE, "the other's results")
        assert under_way("anthropic") == 8


def test_two_hanging_providers_leave_room_for_a_third(monkeypatch, transactional_db):
    """T9"""
    judges.put_in(monkeypatch, provider="mock")
    with (
        EmbeddedStack(),
        hanging(monkeypatch, "anthropic"),
        hanging(monkeypatch, "openai"),
    ):
        ask("first", "anthropic", "claude-haiku-4-5", 24)
        ask("second", "openai", "gpt-4.1", 24)
        wait_until(lambda: under_way("openai") >= 4, PATIENCE, "both to hang")
        ask("third", "mock", "mock", 4)
        wait_until(lambda: delivered("third") == 4, PATIENCE, "the third's results")
        assert under_way("anthropic") + under_way("openai") < get_settings().PROVIDER_WORKERS


def test_the_sweep_goes_on_while_a_provider_has_all_workers(monkeypatch, transactional_db):
    """T9: with one worker for calls, which hangs, a lost result is still taken home."""
    set_queue(monkeypatch, PROVIDER_WORKERS=1, LOST_MESSAGE_SECONDS=0.1)
    judges.put_in(monkeypatch, provider="openai")
    with EmbeddedStack(), hanging(monkeypatch, "anthropic"):
        ask("home", "openai", "gpt-4.1", 1)
        wait_until(lambda: delivered("home") == 1, PATIENCE, "the first result")
        ask("hangs", "anthropic", "claude-haiku-4-5", 4)
        wait_until(lambda: under_way("anthropic") == 1, PATIENCE, "the worker to be taken")
        QueueItem.objects.filter(batch_key="home").update(delivered_at=None)
        wait_until(lambda: delivered("home") == 1, PATIENCE, "the sweep")
        assert under_way("anthropic") == 1
