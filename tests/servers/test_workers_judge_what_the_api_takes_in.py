"""The web process takes a batch in over HTTP; workers of their own judge it."""

import pytest

from tests.servers.processes import wait_until
from tests.servers.sites import Site
from tests.servers.web_clients import WebClient, assert_a_batch_is_judged, token_for_new_user

pytestmark = pytest.mark.servers


def test_a_batch_made_over_http_comes_back_with_results(site: Site) -> None:
    token = token_for_new_user(site)
    site.start_workers("first", "second")
    port = site.start_web()
    assert_a_batch_is_judged(WebClient(port, token), site.children)


def test_strangers_are_turned_away(site: Site) -> None:
    port = site.start_web()
    for client in (WebClient(port), WebClient(port, "0" * 40)):
        status, _ = client.get("/api/v1/batches")
        assert status == 401


def test_it_says_that_it_is_ready(site: Site) -> None:
    client = WebClient(site.start_web())
    assert client.get("/healthz")[0] == 200
    # It gives database and broker two seconds to answer, and says 503 where they take longer.
    wait_until(lambda: client.get("/readyz")[0] == 200, 60, "the site to be ready", site.children)
