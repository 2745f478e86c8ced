"""Probes for whoever runs the processes: is it up, and can it work. They tell nothing more."""

import logging

from celery import current_app
from django.conf import settings
from django.db import connection
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
    parts = {"database": _database_answers()}
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


def _database_answers() -> bool:
    # A connection of its own: a pool would make the probe wait for half a minute.
    probe = connection.copy()
    options = probe.settings_dict.setdefault("OPTIONS", {})
    options.pop("pool", None)
    if probe.vendor == "postgresql":
        options["connect_timeout"] = PATIENCE_SECONDS
    try:
        with probe.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as error:  # whatever a driver raises means the same to the caller
        tell(log, logging.WARNING, "database_unreachable", error=type(error).__name__)
        return False
    finally:
        probe.close()
    return True


def _broker_answers() -> bool:
    broker = current_app.connection_for_write(
        transport_options={
            "socket_connect_timeout": PATIENCE_SECONDS,
            "socket_timeout": PATIENCE_SECONDS,
        }
    )
    try:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=PATIENCE_SECONDS)
    except Exception as error:  # as above
        tell(log, logging.WARNING, "broker_unreachable", error=type(error).__name__)
        return False
    finally:
        broker.release()
    return True
