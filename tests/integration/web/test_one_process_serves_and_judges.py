"""`make web` without any server: the web process judges the batches it takes in."""

from pathlib import Path

from tests.servers.sites import Site
from tests.servers.web_clients import WebClient, assert_a_batch_is_judged, token_for_new_user


def test_a_batch_made_over_http_is_judged_in_the_web_process(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        site.manage("migrate", "--verbosity", "0")
        token = token_for_new_user(site)
        port = site.start_web()
        assert_a_batch_is_judged(WebClient(port, token), site.children)
