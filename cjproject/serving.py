"""gunicorn's configuration: `gunicorn -c python:cjproject.serving cjproject.wsgi`.

On the embedded default the one web process is the worker too, so that batches created over the
API or the admin are worked there. With Redis, workers are processes of their own.
"""

import os
import threading
from typing import Any

from cjproject import environments, metric_folders

EMBEDDED = not os.environ.get("REDIS_URL")

bind = os.environ.get("BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = 1 if EMBEDDED else int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 8
timeout = 60
graceful_timeout = 20
control_socket_disable = True  # it would be in $HOME, which a container may not write to
accesslog = None  # RequestIdMiddleware tells of each request, with its id
logconfig_dict = {
    "formatters": {"generic": {"()": "cjproject.logs.formatter"}},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": ["error_console"], "propagate": False}
    },
}

if workers > 1:
    metric_folders.take()  # any of them answers for all

_stopping = threading.Event()
_keeper: threading.Thread | None = None


def _judge_when_free() -> None:
    """Work the database for as long as this process serves, waiting while another one does."""
    from cjproject.embedded import Standby

    with Standby() as standby:
        while not _stopping.is_set():
            standby.step_in()
            _stopping.wait(2.0)


def on_starting(server: Any) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cjproject.settings")
    environments.check()
    if metric_folders.in_use():
        metric_folders.forget_the_dead()


def child_exit(server: Any, worker: Any) -> None:
    """Its counts stay; what it alone was is gone."""
    if metric_folders.in_use():
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)


def post_worker_init(worker: Any) -> None:
    global _keeper
    if EMBEDDED:
        _keeper = threading.Thread(target=_judge_when_free, name="keeper")
        _keeper.start()


def worker_exit(server: Any, worker: Any) -> None:
    _stopping.set()
    if _keeper is not None:
        _keeper.join()
