"""Many clients at once, on the production database: the queue's limit and the keys hold."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.servers.conftest import MakeSite
from tests.servers.sites import Site
from tests.servers.web_clients import WebClient, text, token_for_new_user

pytestmark = pytest.mark.servers

PATH = "/api/v1/comparisons"
CLIENTS = 16
EACH = 10
UNFINISHED = "SELECT count(*) FROM llmprovider_queueitem WHERE status = 'queued'"


def asked(client: int) -> dict[str, Any]:
    """Ten comparisons. Every client sends the same texts, as different requests."""
    texts = [{"id": f"t{number}", "text": text(f"Pupil {number}", number)} for number in range(11)]
    return {
        "comparisons": [
            {"first": one, "second": another, "metadata": {"client": client}}
            for one, another in zip(texts, texts[1:], strict=False)
        ],
        "provider": "mock",
        "mode": "per_request",
    }


def at_once(site: Site, post: Callable[[WebClient, int], tuple[int, Any]]) -> list[tuple[int, Any]]:
    web = WebClient(site.start_web(), token_for_new_user(site))
    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(lambda number: post(web, number), range(CLIENTS)))


def test_the_queue_never_holds_more_than_it_may(make_site: MakeSite) -> None:
    """T4: what fits is taken, all else is told to come again, nothing fails."""
    fit = 5
    with make_site(LLM_PROVIDER_SERVICE_QUEUE_CAPACITY=str(fit * EACH)) as site:
        answers = at_once(site, lambda web, number: web.post(PATH, asked(number)))
        assert Counter(status for status, _ in answers) == {202: fit, 503: CLIENTS - fit}
        assert site.value(UNFINISHED) == fit * EACH
        assert site.value("SELECT count(*) FROM llmprovider_comparisonset") == fit


def test_twins_with_one_key_are_stored_once(site: Site) -> None:
    """T5: sixteen at the same moment get one answer and make one request."""
    key = {"Idempotency-Key": "the same"}
    answers = at_once(site, lambda web, _: web.post(PATH, asked(0), key))
    assert {status for status, _ in answers} == {202}
    assert len({answer["id"] for _, answer in answers}) == 1
    assert site.value(UNFINISHED) == EACH
