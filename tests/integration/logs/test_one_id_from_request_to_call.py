"""Issue 8, item 3: one id on every line, from the request through every task and provider call."""

import logging
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from assessment.log_names import names_of
from assessment.models import Batch
from cjproject.embedded import EmbeddedStack
from llmprovider.contracts.log_contexts import batch_context, log_context
from llmprovider.models import Bundle
from tests.integration.api.batches import SECRET, request
from tests.integration.api.messages import drop_messages
from tests.integration.logs.lines import events, of_the_apps, written
from tests.integration.vendors.emulated import ended

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/batches"
WITH_A_WAVE = {"call", "wave_launched", "job_planned", "job_submitted", "job_ended"}


@pytest.fixture
def api(db: None) -> Iterator[APIClient]:
    drop_messages()
    cache.clear()
    client = APIClient()
    token = Token.objects.create(user=User.objects.create_user("wilhelmina"))
    client.credentials(HTTP_AUTHORIZATION=f"Token {token.key}")
    yield client
    drop_messages()
    cache.clear()


@pytest.mark.parametrize("mode", ["per_request", "serial_bundle", "provider_batch_api"])
def test_every_line_of_a_batch_names_its_request_and_itself(monkeypatch, api, mode) -> None:
    """P-72"""
    name = str(uuid4())
    asked = request(batch_config_overrides={"seed": 7, "llm_batching_mode_override": mode})
    with written(monkeypatch) as lines:
        answer = api.post(URL, asked, format="json", headers={"X-Request-ID": name})
        assert answer.status_code == 201, answer.data
        with EmbeddedStack():
            batch = ended(Batch.objects.get(pk=answer.data["id"]))
    assert batch.status == "COMPLETED"
    assert answer.headers["X-Request-ID"] == name == str(batch.request_correlation_id)
    ours = of_the_apps(lines)
    assert {"batch_created", "wave_launched", "decision", "batch_ended"} <= events(ours)
    assert {"job_submitted", "job_ended"} <= events(ours) or "call" in events(ours)
    for line in ours:
        assert (line["request_correlation_id"], line["batch"]) == (name, str(batch.pk)), line
        assert line["mode"] == mode, line
    (told,) = [line for line in lines if line.get("event") == "request_answered"]
    assert (told["request_correlation_id"], told["status"], told["method"]) == (name, 201, "POST")
    calls = [line for line in ours if line["event"] in ("call", "job_ended")]
    assert calls
    for line in calls:
        assert line["provider"] == "mock" and line["model"]
        assert line["task"].startswith("llmprovider.") and line["task_id"]
        assert line.get("bundle") or line.get("job")
    assert all(line["wave"] >= 1 for line in ours if line["event"] in WITH_A_WAVE), ours
    assert all(line["wave"] >= 1 for line in ours if line["event"] == "decision")
    for hidden in (SECRET, "wilhelmina", "student_", api._credentials["HTTP_AUTHORIZATION"][6:]):
        assert hidden not in str(lines)


@pytest.mark.parametrize("given", ["", "my-request", "Zanzibar " * 9, "a\x7fb", "{0}" * 12])
def test_an_id_that_could_hold_words_is_replaced(monkeypatch, api, given) -> None:
    with written(monkeypatch) as lines:
        answer = api.get(f"{URL}?label={SECRET}", headers={"X-Request-ID": given})
    told = answer.headers["X-Request-ID"]
    assert str(UUID(told)) == told != given
    (line,) = [line for line in lines if line.get("event") == "request_answered"]
    assert line["request_correlation_id"] == told
    assert SECRET not in str(lines)


def test_two_requests_have_two_ids(api) -> None:
    assert len({api.get(URL).headers["X-Request-ID"] for _ in range(3)}) == 3


def test_a_page_that_is_not_there_is_told_without_its_path(monkeypatch, api) -> None:
    with written(monkeypatch) as lines:
        api.get(f"/nowhere/{SECRET}")
    (line,) = [line for line in lines if line.get("event") == "request_answered"]
    assert (line["status"], line["route"]) == (404, "-")


def test_machines_that_look_every_few_seconds_are_not_told_of(monkeypatch, api) -> None:
    with written(monkeypatch) as lines:
        assert api.get("/healthz").status_code == 200
    assert lines == []


def test_who_is_no_batch_has_a_key_and_no_other_names() -> None:
    assert names_of("api:7") == {} == names_of("7")
    with batch_context("api:7", bundle=1):
        assert log_context() == {"batch": "api:7", "bundle": 1}
    assert log_context() == {}


def test_a_log_that_cannot_be_named_stops_no_work(monkeypatch, api) -> None:
    """The row of the batch is gone, or was never there."""
    assert not Bundle.objects.exists()
    with written(monkeypatch) as lines, batch_context(99):
        logging.getLogger("assessment.x").warning("it goes on")
    assert [line["batch"] for line in lines] == ["99"]
