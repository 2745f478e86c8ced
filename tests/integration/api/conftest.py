"""Callers of the API: two users, a member of staff, and a stranger."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from tests.integration.api.messages import drop_messages


@pytest.fixture(autouse=True)
def _clean_broker_and_throttle() -> Iterator[None]:
    """Messages and counted attempts live in this process, and would meet the next test."""
    drop_messages()
    cache.clear()
    yield
    drop_messages()
    cache.clear()


@pytest.fixture
def client_of(db: None) -> Callable[[User], APIClient]:
    def make(user: User) -> APIClient:
        client = APIClient()
        token, _ = Token.objects.get_or_create(user=user)
        client.credentials(HTTP_AUTHORIZATION=f"Token {token.key}")
        return client

    return make


@pytest.fixture
def teacher(db: None) -> User:
    return User.objects.create_user("teacher")


@pytest.fixture
def api(client_of: Callable[[User], APIClient], teacher: User) -> APIClient:
    """The teacher's client."""
    return client_of(teacher)


@pytest.fixture
def other(client_of: Callable[[User], APIClient]) -> APIClient:
    """Another user's client."""
    return client_of(User.objects.create_user("other"))


@pytest.fixture
def staff(client_of: Callable[[User], APIClient]) -> APIClient:
    return client_of(User.objects.create_user("staff", is_staff=True))


@pytest.fixture
def stranger() -> APIClient:
    return APIClient()
