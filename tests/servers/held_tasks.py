"""The project's Celery application with a task that a test holds up; for workers of tests."""

import os
import time
from pathlib import Path

from celery import Task
from celery.concurrency.asynpool import ResultHandler
from celery.worker.consumer import Consumer

from cjproject import giving_up
from cjproject.celery import app

giving_up.GRACE_SECONDS = 1.0

HELD = "assessment.held"


def _give_up(consumer: Consumer, error: Exception) -> None:
    """What Celery does at some moments, when what it was about is half taken apart."""
    raise AttributeError("'NoneType' object has no attribute 'hostname'")


Consumer.on_connection_error_after_connected = _give_up
# Seen as well: results that come in after that are read by nobody.
ResultHandler.on_stop_not_started = lambda handler: None


@app.task(name=HELD, base=Task, ignore_result=False)
def held() -> None:
    """Says that it has begun, waits until it may end, and fails with more than a pipe holds."""
    folder = Path(os.environ["HELD_IN"])
    (folder / "begun").touch()
    while not (folder / "may-end").exists():
        time.sleep(0.05)
    raise ValueError("x" * 1_000_000)
