"""The folder in which processes that belong together keep their counts, so that one endpoint sums
them: prefork workers of one Celery worker, or the workers of one gunicorn.

prometheus_client looks for it when it is first imported. Take one before that.
"""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"


def is_celery() -> bool:
    """Whether this process is a command of Celery's: a worker or beat of its own."""
    return "celery" in Path(sys.argv[0]).parts


def take() -> None:
    """Have a folder: the one that the environment names, else one that lasts as this process does.

    The processes that this one forks share it; two that were started apart must not.
    """
    named = os.environ.get(VARIABLE)
    if named:
        Path(named).mkdir(parents=True, exist_ok=True)
        return
    folder = os.environ[VARIABLE] = tempfile.mkdtemp(prefix="essay-judge-metrics-")
    owner = os.getpid()

    def remove() -> None:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)


def forget_the_dead() -> None:
    """Remove what processes before this one have left in a folder that was named."""
    for path in Path(os.environ[VARIABLE]).glob("*.db"):
        if not path.stem.endswith(f"_{os.getpid()}"):
            path.unlink(missing_ok=True)


def in_use() -> bool:
    """Whether counts are kept in a folder."""
    return VARIABLE in os.environ
