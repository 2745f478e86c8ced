"""A worker that gives up ends, so that whoever supervises it starts another.

Celery gives up when Redis goes at certain moments, and then waits for its children, of which one
may wait to be rid of a result that nobody reads any more. Both would wait for ever.
"""

import logging
import os
import threading
import time
from typing import Any

from celery.bootsteps import StartStopStep
from celery.concurrency.prefork import TaskPool
from celery.platforms import EX_FAILURE

from llmprovider.contracts.log_events import tell

log = logging.getLogger(__name__)

# For what the children have under way. Nothing is lost with it: the rows tell how to go on.
GRACE_SECONDS = 60.0


class EndsAfterGivingUp(StartStopStep):  # type: ignore[misc]
    """A step of a worker: comes to its end before the pool of children does."""

    requires = ("celery.worker.components:Pool",)

    def stop(self, worker: Any) -> None:
        """Begins the grace, unless somebody has asked the worker to stop."""
        if worker.exitcode == EX_FAILURE and issubclass(worker.pool_cls, TaskPool):
            threading.Thread(target=_end, daemon=True).start()


def _end() -> None:
    time.sleep(GRACE_SECONDS)
    tell(log, logging.CRITICAL, "worker_gave_up", "the worker gave up and cannot end by itself")
    os._exit(EX_FAILURE)
