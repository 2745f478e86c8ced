"""The callers of the other API, and its clean broker."""

from tests.integration.api.conftest import (
    _clean_broker_and_throttle,
    api,
    client_of,
    other,
    staff,
    stranger,
    teacher,
)

__all__ = [
    "_clean_broker_and_throttle",
    "api",
    "client_of",
    "other",
    "staff",
    "stranger",
    "teacher",
]
