"""The Django project; importing it sets up its process, sets its clock and readies Celery."""

import gc
import os

# What is loaded stays; looking through it for garbage all the while takes a fifth of each start.
gc.set_threshold(50_000)

# Before numpy is loaded: its threads make small fits many times slower on a busy machine, and
# workers already use every core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from cjproject import clocks  # noqa: E402

clocks.install()  # before any model takes hold of another clock

from cjproject.celery import app as celery_app  # noqa: E402

__version__ = "0.1.0"

__all__ = ["__version__", "celery_app"]
