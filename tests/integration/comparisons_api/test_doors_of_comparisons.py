"""Strangers meet closed doors, users only what is theirs; the description is right."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from llmprovider.models import ComparisonSet
from tests.integration.comparisons_api.requests import URL, pair, request, work

pytestmark = pytest.mark.django_db(transaction=True)

ENDPOINTS = [("get", ""), ("post", ""), ("get", "/{id}"), ("post", "/{id}/cancel")]


@pytest.fixture
def asked(api: APIClient) -> str:
    answer = api.post(URL, request(), format="json")
    return str(answer.json()["id"])


def ask(client: APIClient, method: str, url: str) -> Any:
    return getattr(client, method)(url, request() if url == URL else None, format="json")


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_a_stranger_is_turned_away(stranger: APIClient, asked: str, method: str, path: str) -> None:
    """T38"""
    assert ask(stranger, method, URL + path.format(id=asked)).status_code == 401
    assert ComparisonSet.objects.count() == 1


@pytest.mark.parametrize(("method", "path"), ENDPOINTS[2:])
def test_another_users_request_is_not_there(
    other: APIClient, asked: str, method: str, path: str
) -> None:
    answer = ask(other, method, URL + path.format(id=asked))
    missing = ask(other, method, URL + path.format(id=uuid4()))
    assert answer.status_code == missing.status_code == 404
    assert answer.data == missing.data


def test_another_users_list_is_empty(other: APIClient, staff: APIClient, asked: str) -> None:
    assert other.get(URL).json()["count"] == 0
    assert staff.get(URL).json()["count"] == 1
    assert staff.get(f"{URL}/{asked}").status_code == 200


@pytest.mark.parametrize("pk", ["1", "-" * 36, "a" * 36, str(UUID(int=7))])
def test_what_is_no_request_is_not_there(api: APIClient, pk: str) -> None:
    assert api.get(f"{URL}/{pk}").status_code == 404


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_request_cannot_be_changed_or_deleted(api: APIClient, asked: str, method: str) -> None:
    assert getattr(api, method)(f"{URL}/{asked}").status_code == 405


def test_a_session_opens_the_door_but_writing_needs_its_csrf_token(teacher: Any) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(teacher)
    assert client.get(URL).status_code == 200
    assert client.post(URL, request(), format="json").status_code == 403


def described(api: APIClient) -> dict[str, Any]:
    schema: dict[str, Any] = api.get("/api/v1/schema?format=json").json()
    return schema


def validator(schema: dict[str, Any], told: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**told, "components": schema["components"]})


def test_the_description_is_valid_and_fits_what_comes(api: APIClient, asked: str) -> None:
    """Each answer is checked against the schema that the description gives for it."""
    work()
    schema = described(api)
    validate_schema(schema)
    answers = [
        (URL, "post", api.post(URL, request(), format="json")),
        (URL, "get", api.get(URL)),
        (f"{URL}/{{id}}", "get", api.get(f"{URL}/{asked}")),
        (f"{URL}/{{id}}/cancel", "post", api.post(f"{URL}/{asked}/cancel")),
        (URL, "post", api.post(URL, request(priority=10), format="json")),
    ]
    for path, method, answer in answers:
        told = schema["paths"][path][method]["responses"][str(answer.status_code)]
        told = told["content"]["application/json"]["schema"]
        validator(schema, told).validate(answer.json())
        assert not validator(schema, told).is_valid([1]), "it says nothing"


def test_the_description_of_the_request_takes_what_is_taken_and_no_more(api: APIClient) -> None:
    schema = described(api)
    operation = schema["paths"][URL]["post"]
    body = operation["requestBody"]["content"]["application/json"]
    taken = validator(schema, body["schema"])
    taken.validate(request())
    taken.validate(request(comparisons=None, **pair(1, 2)))
    assert not taken.is_valid(request(priority=10))
    assert not taken.is_valid(request(comparisons=[]))
    assert not taken.is_valid(request(prioritty=1))
    for example in body["examples"].values():
        taken.validate(example["value"])
        assert api.post(URL, example["value"], format="json").status_code == 202
    assert [one["name"] for one in operation["parameters"]] == ["Idempotency-Key"]
    of_any_request = {"401", "403", "406", "415", "429"}
    assert set(operation["responses"]) == {"202", "400", "409", "413", "503"} | of_any_request
