"""`/metrics` is closed to strangers, and whoever may read it sees counts and state."""

import threading
import urllib.error
import urllib.request

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from assessment import state_metrics as state_of_batches
from cjproject import expositions, metrics_endpoints
from llmprovider import state_metrics
from tests.unit.metrics.declared import everything

pytestmark = pytest.mark.django_db

TOKEN = "a-token-of-the-test"  # noqa: S105


@pytest.fixture
def token(settings) -> dict[str, str]:
    settings.METRICS_TOKEN = TOKEN
    return {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    "shown", ["", "Bearer ", "Bearer wrong", f"Token {TOKEN}", TOKEN, "Bearer \udcff"]
)
def test_strangers_are_turned_away(client: Client, token, shown):
    """Issue 8: /metrics closed to strangers"""
    answer = client.get("/metrics", headers={"Authorization": shown} if shown else {})
    assert answer.status_code == 403
    assert b"cj_" not in answer.content and TOKEN.encode() not in answer.content


def test_without_a_token_set_nobody_can_guess_it(client: Client, settings):
    settings.METRICS_TOKEN = ""
    for shown in ("Bearer ", "Bearer None", ""):
        assert client.get("/metrics", headers={"Authorization": shown}).status_code == 403


def test_users_of_the_api_are_strangers_and_staff_are_not(client: Client):
    users = get_user_model().objects
    client.force_login(users.create_user("researcher"))
    assert client.get("/metrics").status_code == 403
    client.force_login(users.create_user("operator", is_staff=True))
    assert client.get("/metrics").status_code == 200


def test_it_shows_every_metric_and_those_of_django(client: Client, token):
    answer = client.get("/metrics", headers=token)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    shown = {one.name for one in text_string_to_metric_families(answer.content.decode())}
    assert {one.name.removesuffix("_total") for one in everything()} <= shown
    assert {"django_http_requests_before_middlewares", "django_db_execute"} <= shown
    assert client.post("/metrics", headers=token).status_code == 405


def test_without_the_state_it_shows_the_counts(client: Client, token, monkeypatch):
    """So that an alert on the absence of a gauge tells of the database."""

    def away() -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(state_metrics, "collect", away)
    answer = client.get("/metrics", headers=token)
    assert answer.status_code == 200
    assert b"cj_llm_requests_total" in answer.content
    assert b"llm_provider_queue_depth" not in answer.content


def test_while_the_database_lets_nobody_in_no_row_is_asked_for(client: Client, token, monkeypatch):
    """Whoever asks the pool waits for half a minute, and Prometheus for ten seconds."""
    asked = []
    monkeypatch.setattr(expositions, "database_answers", lambda: False)
    for state in (state_metrics, state_of_batches):
        monkeypatch.setattr(state, "collect", lambda: asked.append(1) or [])
    answer = client.get("/metrics", headers=token)
    assert answer.status_code == 200 and not asked
    assert b"cj_llm_requests_total" in answer.content


@pytest.fixture
def endpoint():
    """A worker's endpoint on a free port."""
    server = metrics_endpoints.bound("127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/metrics"
    server.shutdown()
    thread.join()
    server.server_close()


def read(url: str, headers: dict[str, str]) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def test_a_workers_endpoint_shows_counts_and_no_state(endpoint, settings):
    """Rows are everybody's: a sum over endpoints would count them twice."""
    settings.METRICS_TOKEN = ""
    status, text = read(endpoint, {})
    assert status == 200 and "cj_llm_requests_total" in text
    gauges = [one.name for one in everything() if one.kind == "gauge"]
    assert gauges and not [name for name in gauges if name in text]


def test_a_workers_endpoint_wants_the_token_where_one_is_set(endpoint, token):
    assert read(endpoint, {})[0] == read(endpoint, {"Authorization": "Bearer x"})[0] == 403
    assert read(endpoint, token)[0] == 200


@pytest.mark.parametrize(
    ("address", "secret", "problem"),
    [
        ("127.0.0.1", "", None),
        ("::1", "", None),
        ("0.0.0.0", "", "METRICS_TOKEN"),  # noqa: S104
        ("0.0.0.0", TOKEN, None),  # noqa: S104
        ("somewhere", TOKEN, "not an IP address"),
    ],
)
def test_an_endpoint_open_to_other_machines_needs_a_token(settings, address, secret, problem):
    settings.METRICS_TOKEN = secret
    found = metrics_endpoints.address_problem(address)
    assert (found is None) if problem is None else (problem in found)
