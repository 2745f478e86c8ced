"""One id per HTTP request: on each of its lines in the log, in its answer, and on its batch."""

import logging
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponseBase

from llmprovider.contracts.log_contexts import logging_context
from llmprovider.contracts.log_events import tell

log = logging.getLogger(__name__)

HEADER: Final = "X-Request-ID"
# Asked every few seconds by machines.
_UNTOLD: Final = ("healthz", "readyz", "metrics")


class RequestIdMiddleware:
    """Takes the caller's X-Request-ID where it is a UUID, which holds no words; else makes one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        name = _uuid_in(request.headers.get(HEADER, "")) or str(uuid4())
        with logging_context(request_correlation_id=name):
            began = time.monotonic()
            response = self._get_response(request)
            response[HEADER] = name
            _tell_of(request, response, time.monotonic() - began)
        return response


def _uuid_in(given: str) -> str | None:
    try:
        return str(UUID(given)) if len(given) == len(str(UUID(int=0))) else None
    except ValueError:
        return None


def _tell_of(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """The route, not the path: a path holds whatever the caller wrote into it."""
    route = request.resolver_match.route if request.resolver_match else "-"
    if route in _UNTOLD:
        return
    tell(
        log,
        logging.INFO,
        "request_answered",
        method=request.method if request.method in _METHODS else "-",
        route=route,
        status=response.status_code,
        ms=round(seconds * 1000),
    )


_METHODS: Final = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
