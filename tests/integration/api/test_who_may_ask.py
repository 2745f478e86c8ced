"""Strangers meet closed doors, users only what is theirs."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from drf_spectacular.validation import validate_schema
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from assessment.models import Batch
from tests.integration.api.batches import request

URL = "/api/v1/batches"
PHRASE = "a long pass phrase"

pytestmark = pytest.mark.django_db

ENDPOINTS = [
    ("get", ""),
    ("post", ""),
    ("post", "/plan"),
    ("get", "/{id}"),
    ("get", "/{id}/results"),
    ("get", "/{id}/results.csv"),
    ("get", "/{id}/report"),
    ("get", "/{id}/run"),
    ("get", "/{id}/pairs"),
    ("post", "/{id}/cancel"),
]


@pytest.fixture
def batch(api: APIClient) -> Batch:
    api.post(URL, request(), format="json")
    return Batch.objects.get()


def ask(client: APIClient, method: str, url: str) -> Any:
    body = request() if url in (URL, URL + "/plan") else None
    return getattr(client, method)(url, body, format="json")


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_a_stranger_is_turned_away(
    stranger: APIClient, batch: Batch, method: str, path: str
) -> None:
    answer = ask(stranger, method, URL + path.format(id=batch.pk))
    assert answer.status_code == 401
    assert set(answer.data) == {"detail"}
    assert Batch.objects.count() == 1


@pytest.mark.parametrize("credentials", ["Token nonsense", "Token ", "Bearer x"])
def test_a_wrong_token_is_turned_away(stranger: APIClient, credentials: str) -> None:
    stranger.credentials(HTTP_AUTHORIZATION=credentials)
    assert stranger.get(URL).status_code == 401


@pytest.mark.parametrize(("method", "path"), [ask for ask in ENDPOINTS if "{id}" in ask[1]])
def test_another_users_batch_is_not_there(
    other: APIClient, batch: Batch, method: str, path: str
) -> None:
    answer = ask(other, method, URL + path.format(id=batch.pk))
    missing = ask(other, method, URL + path.format(id=batch.pk + 1))
    assert answer.status_code == missing.status_code == 404
    assert answer.data == missing.data
    batch.refresh_from_db()
    assert batch.status == Batch.Status.PENDING


@pytest.mark.parametrize("pk", ["0", "9" * 30, "abc", "1%00"])
def test_a_number_that_is_no_batch_is_not_there(api: APIClient, pk: str) -> None:
    assert api.get(f"{URL}/{pk}").status_code == 404


@pytest.mark.parametrize("path", ["", "/pairs", "/report", "/run"])
def test_staff_meet_every_batch(staff: APIClient, batch: Batch, path: str) -> None:
    assert staff.get(f"{URL}/{batch.pk}{path}").status_code == 200


def test_a_session_opens_the_door_but_writing_needs_its_csrf_token(teacher: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(teacher)
    assert client.get(URL).status_code == 200
    for url in (URL, URL + "/plan"):
        assert client.post(url, request(), format="json").status_code == 403


def test_an_inactive_user_is_turned_away(api: APIClient, teacher: User) -> None:
    User.objects.filter(pk=teacher.pk).update(is_active=False)
    assert api.get(URL).status_code == 401


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_batch_cannot_be_changed_or_deleted(api: APIClient, batch: Batch, method: str) -> None:
    assert getattr(api, method)(f"{URL}/{batch.pk}").status_code == 405


def test_a_name_and_password_give_the_users_token(stranger: APIClient) -> None:
    user = User.objects.create_user("head", password=PHRASE)
    answer = stranger.post("/api/v1/token", {"username": "head", "password": PHRASE}, format="json")
    assert answer.data == {"token": Token.objects.get(user=user).key}
    stranger.credentials(HTTP_AUTHORIZATION=f"Token {answer.data['token']}")
    assert stranger.get(URL).status_code == 200


def test_the_eleventh_attempt_at_a_password_in_a_minute_is_refused(stranger: APIClient) -> None:
    """Whatever the caller claims about where it comes from."""
    answers = [
        stranger.post(
            "/api/v1/token",
            {"username": "", "password": ""},
            format="json",
            HTTP_X_FORWARDED_FOR=f"10.0.0.{number}",
        )
        for number in range(11)
    ]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) <= 60


def test_the_schema_is_valid_and_for_users_only(api: APIClient, stranger: APIClient) -> None:
    assert stranger.get("/api/v1/schema").status_code == 401
    answer = api.get("/api/v1/schema?format=json")
    assert answer.status_code == 200
    schema = answer.json()
    validate_schema(schema)
    assert set(schema["paths"]) >= {URL + path for _, path in ENDPOINTS}
    asked = schema["components"]["schemas"]["BatchRequest"]["properties"]
    assert set(request()) < set(asked)
