"""A scrape is answered while PostgreSQL is away: with the counts, and without what rows hold."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.servers.postgresql import PostgreSQL
from tests.servers.sites import Site
from tests.servers.test_metrics_of_the_processes import (
    GAUGES,
    TOKEN,
    scrape,
    scrape_with_gauges,
)

pytestmark = pytest.mark.servers

# Prometheus gives up after 10 seconds.
WELL_BELOW = 6.0


@contextmanager
def crashed(server: PostgreSQL) -> Iterator[None]:
    """Nobody listens."""
    server.crash()
    try:
        yield
    finally:
        server.begin()


@contextmanager
def frozen(server: PostgreSQL) -> Iterator[None]:
    """Connections are taken, and never answered."""
    server.servers[-1].send_to_all(signal.SIGSTOP)
    try:
        yield
    finally:
        server.servers[-1].send_to_all(signal.SIGCONT)


@pytest.mark.parametrize("away", [crashed, frozen])
def test_it_is_answered_at_once_without_gauges_and_with_them_again(
    site: Site, postgresql: PostgreSQL, away
) -> None:
    """T43: DatabaseSilent can fire, for web answers within Prometheus's patience"""
    site.environment["METRICS_TOKEN"] = TOKEN
    web = site.start_web()
    scrape_with_gauges(site, web)
    took = []
    with away(postgresql):
        for _ in range(3):
            began = time.monotonic()
            seen = scrape(web)
            took.append(time.monotonic() - began)
            assert seen["django_http_requests_before_middlewares_total"] >= 1
            assert not set(GAUGES) & set(seen)
    # Not all of them: this machine may stand still meanwhile. Who waits for the pool waits each
    # time, for half a minute.
    assert sorted(took)[1] < WELL_BELOW, took
    scrape_with_gauges(site, web)
