"""The addresses of database and broker, as the environment gives them. None is ever repeated: each
may hold a password."""

from typing import Any, Final
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

DATABASE_SCHEMES: Final = ("postgres", "postgresql")
REDIS_SCHEMES: Final = ("redis", "rediss")
_QUOTING: Final = "signs such as / : @ # % in a password are written as %2F %3A %40 %23 %25"


def database_of(url: str) -> dict[str, Any]:
    """Django's settings of the database at `url`. Raises ImproperlyConfigured."""
    remedy = f"postgres://user:password@host:5432/name ({_QUOTING}), or leave it out for SQLite"
    if url.partition("://")[0] not in DATABASE_SCHEMES:
        raise ImproperlyConfigured(f"DATABASE_URL must be the address of a PostgreSQL: {remedy}")
    try:
        found = dict(dj_database_url.parse(url))
    except ValueError:
        found = {}
    if not found.get("NAME"):
        raise ImproperlyConfigured(f"DATABASE_URL is no whole address. It must be {remedy}")
    return {**found, "ENGINE": "django_prometheus.db.backends.postgresql"}  # the same with metrics


def check_broker(url: str) -> None:
    """Raises ImproperlyConfigured for what is no address of a Redis."""
    remedy = f"redis://host:6379/0 ({_QUOTING}), or leave it out"
    try:
        parts = urlsplit(url)
        whole = parts.scheme in REDIS_SCHEMES and parts.hostname and parts.port != 0
    except ValueError:
        whole = False
    if not whole:
        raise ImproperlyConfigured(f"REDIS_URL must be the address of a Redis: {remedy}")


def place(host: str, port: object) -> str:
    """A server in messages: host and port, nothing else."""
    return f"{host or 'localhost'}:{port}" if port else host or "localhost"


def broker_place(url: str) -> str:
    """Where the Redis of a checked address is."""
    parts = urlsplit(url)
    return place(parts.hostname or "", parts.port or 6379)
