"""gunicorn's configuration: `gunicorn -c python:cjproject.serving cjproject.wsgi`.

On the embedded default the one web process is the worker too, so that batches created over the
API or the admin are worked there. With Redis, workers are processes of their own.
"""

import os
from contextlib import ExitStack
from typing import Any

EMBEDDED = not os.environ.get("REDIS_URL")

bind = os.environ.get("BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = 1 if EMBEDDED else int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 8
timeout = 60
graceful_timeout = 20
accesslog = None

_running = ExitStack()


def post_worker_init(worker: Any) -> None:
    if EMBEDDED:
        from cjproject.embedded import stack_if_embedded

        if not _running.enter_context(stack_if_embedded()):
            worker.log.warning("another process is working this database; this one only serves")


def worker_exit(server: Any, worker: Any) -> None:
    _running.close()
