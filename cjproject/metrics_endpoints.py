"""Endpoints of Celery's workers and beat: their counts over HTTP, where METRICS_PORT is set.

The web process has a page of its own (`metrics_doors`), and so has the embedded default, which is
that process. This module connects itself to Celery's signals; nothing else need call it.
"""

import ipaddress
import os
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from celery.signals import (
    beat_init,
    celeryd_init,
    worker_process_shutdown,
    worker_ready,
)
from django.conf import settings

from cjproject import metric_folders

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

_server: WSGIServer | None = None
_thread: threading.Thread | None = None


def prepare() -> None:
    """Before anything counts: a worker or beat that is to be scraped keeps its counts in a folder,
    so that those of the processes it forks are among them. A folder that is named is there."""
    scraped = os.environ.get("METRICS_PORT") and metric_folders.is_celery()
    if scraped or metric_folders.in_use():
        metric_folders.take()


@celeryd_init.connect
def _open(**_: Any) -> None:
    """Before the pool is forked, so that a bad address or port stops the start."""
    global _server
    port = os.environ.get("METRICS_PORT")
    if not port or not metric_folders.in_use() or _server is not None:
        return
    metric_folders.forget_the_dead()
    address = os.environ.get("METRICS_ADDRESS", "127.0.0.1")
    if problem := address_problem(address):
        raise SystemExit(problem)
    try:
        _server = bound(address, int(port))
    except (OSError, ValueError, OverflowError) as error:
        raise SystemExit(f"METRICS_PORT {port} on {address} cannot be used: {error}") from None


def address_problem(address: str) -> str | None:
    """Why metrics must not be served there, with the remedy; None where they may."""
    try:
        local = ipaddress.ip_address(address).is_loopback
    except ValueError:
        return f"METRICS_ADDRESS {address!r} is not an IP address"
    if local or settings.METRICS_TOKEN:
        return None
    return (
        f"METRICS_ADDRESS {address} is open to other machines. Set METRICS_TOKEN, which readers "
        "must then show, or leave the address out"
    )


def bound(address: str, port: int) -> WSGIServer:
    """A server of this group's counts that listens, and answers once `serve_forever` runs."""
    from prometheus_client.exposition import ThreadingWSGIServer, _SilentHandler

    from cjproject.expositions import counts

    return make_server(address, port, _door(counts()), ThreadingWSGIServer, _SilentHandler)


def _door(registry: "CollectorRegistry") -> Any:
    """The counts as a WSGI application, for bearers of the token where one is set."""
    from prometheus_client import make_wsgi_app

    from cjproject.metrics_doors import bears_token

    page = make_wsgi_app(registry)

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        shown = environ.get("HTTP_AUTHORIZATION", "")
        if settings.METRICS_TOKEN and not bears_token(shown):
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"the token is missing or wrong\n"]
        answer: Iterable[bytes] = page(environ, start_response)
        return answer

    return application


@worker_ready.connect
def _serve(**_: Any) -> None:
    global _thread
    if _server is not None and _thread is None:
        _thread = threading.Thread(target=_server.serve_forever, name="metrics", daemon=True)
        _thread.start()


@beat_init.connect
def _open_and_serve(**_: Any) -> None:
    _open()
    _serve()


@worker_process_shutdown.connect
def _is_dead(pid: int | None = None, **_: Any) -> None:
    if metric_folders.in_use() and pid:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(pid)
