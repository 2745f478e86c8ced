"""Requests made up from the OpenAPI description: each is answered as the description says."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from assessment.models import Assignment, Batch, Essay
from cjproject.wsgi import application
from llmprovider.models import ComparisonSet, QueueItem
from tests.integration.api.batches import request as batch_request
from tests.integration.api.batches import work
from tests.integration.comparisons_api.requests import request as comparisons_request

pytestmark = pytest.mark.django_db

OPERATIONS = [
    ("GET", "/api/v1/batches"),
    ("POST", "/api/v1/batches"),
    ("GET", "/api/v1/batches/{id}"),
    ("POST", "/api/v1/batches/{id}/cancel"),
    ("GET", "/api/v1/batches/{id}/pairs"),
    ("GET", "/api/v1/batches/{id}/report"),
    ("GET", "/api/v1/batches/{id}/results"),
    ("GET", "/api/v1/batches/{id}/results.csv"),
    ("GET", "/api/v1/batches/{id}/run"),
    ("POST", "/api/v1/batches/plan"),
    ("GET", "/api/v1/comparisons"),
    ("POST", "/api/v1/comparisons"),
    ("GET", "/api/v1/comparisons/{id}"),
    ("POST", "/api/v1/comparisons/{id}/cancel"),
    ("POST", "/api/v1/token"),
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
QUICK = rules(
    max_examples=30,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Server:
    """The API in this process, as `teacher` meets it, with one finished thing of each kind."""

    description: Any
    headers: dict[str, str]
    known: dict[str, str]


@pytest.fixture
def server(db: None, settings: Any) -> Iterator[Server]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a quick one
    user = User.objects.create_user("teacher")
    headers = {"Authorization": f"Token {Token.objects.create(user=user).key}"}
    client = APIClient(headers=headers)
    batch = client.post("/api/v1/batches", batch_request(), format="json").data["id"]
    asked = client.post("/api/v1/comparisons", comparisons_request(), format="json").data["id"]
    work(batch)
    # As Django's own test client does: the test's transaction lives in this connection.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    path = "/api/v1/schema?format=json"
    description = schemathesis.openapi.from_wsgi(path, application, headers=headers)
    logging.disable(logging.ERROR)  # what is refused is logged, hundreds of times here
    yield Server(description, headers, {"batches": str(batch), "comparisons": asked})
    logging.disable(logging.NOTSET)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def rows() -> dict[str, int]:
    kept = (Batch, Essay, Assignment, ComparisonSet, QueueItem, Token)
    return {model.__name__: model.objects.count() for model in kept}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_one_that_the_description_names(
    server: Server, method: str, path: str
) -> None:
    """Issue 7: no 500 from whatever is sent, and what is refused stores nothing."""
    operation = server.description[path][method]

    @QUICK
    @given(case=operation.as_strategy(), known=st.booleans())
    def ask(case: Any, known: bool) -> None:
        if known and "{id}" in path:
            case.path_parameters["id"] = server.known[path.split("/")[3]]
        cache.clear()  # where the throttle counts
        before = rows()
        answer = case.call(headers=server.headers)
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400 or method == "GET" or path.endswith("/plan"):
            assert rows() == before

    ask()


def test_the_description_is_tested_whole(server: Server) -> None:
    found = {
        (operation.ok().method.upper(), operation.ok().path)
        for operation in server.description.get_all_operations()
    }
    assert found - {("GET", "/api/v1/schema")} == set(OPERATIONS)
