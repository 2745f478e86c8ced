"""Probes for whoever runs the processes: is it up, and can it work. They tell nothing more."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from celery import current_app
from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from llmprovider.contracts.log_events import tell

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 2


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers. Touches nothing else, so a slow database does not restart it."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when what the process needs can be reached; 503 with the part that cannot."""
    parts = {"database": database_answers()}
    if not settings.EMBEDDED:
        parts["broker"] = _broker_answers()
    ready = all(parts.values())
    return JsonResponse(
        {
            "status": "ok" if ready else "down",
            "parts": {name: "ok" if up else "down" for name, up in parts.items()},
        },
        status=200 if ready else 503,
    )


def database_answers() -> bool:
    """Whether the database lets somebody in, within PATIENCE_SECONDS; if not, the log says why."""
    try:
        with own_connection() as probe, probe.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as error:  # whatever a driver raises means the same to the caller
        tell(log, logging.WARNING, "database_unreachable", error=type(error).__name__)
        return False
    return True


@contextmanager
def own_connection(patience: int = PATIENCE_SECONDS) -> Iterator[BaseDatabaseWrapper]:
    """A connection outside the pool, which would make its caller wait for half a minute.

    PostgreSQL has `patience` seconds to let it in, whatever DATABASE_URL says.
    """
    own = connection.copy()
    options = own.settings_dict.setdefault("OPTIONS", {})
    options.pop("pool", None)
    if own.vendor == "postgresql":
        options["connect_timeout"] = patience
    try:
        yield own
    finally:
        own.close()


def _broker_answers() -> bool:
    error = broker_fault()
    if error is not None:
        tell(log, logging.WARNING, "broker_unreachable", error=type(error).__name__)
    return error is None


def broker_fault(patience: int = PATIENCE_SECONDS) -> Exception | None:
    """Why the broker does not answer within so many seconds; None where it does."""
    broker = current_app.connection_for_write(
        transport_options={
            "socket_connect_timeout": patience,
            "socket_timeout": patience,
        }
    )
    try:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=patience)
    except Exception as error:  # whatever a driver raises means the same to the caller
        return error
    finally:
        broker.release()
    return None
