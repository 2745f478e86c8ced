"""A disk that is full when a run's documents are written: what one process finds, and no other."""

import os
import resource
import tempfile
from typing import Any

# What the process says about it still fits.
ROOM = 5_000
# The first document after run.json, which is also written when a run begins.
TOO_LARGE = ".comparisons.csv."


def fill(what: str) -> None:
    """With "full" no file of this process grows beyond some bytes, once its batch has ended.

    Not before: on the embedded default its database is on this disk too.
    """
    if "full" not in what.split(","):
        return
    make = tempfile.mkstemp

    def mkstemp(*words: Any, **options: Any) -> tuple[int, str]:
        if str(options.get("prefix", "")).startswith(TOO_LARGE):
            size = os.fstat(2).st_size + ROOM
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        return make(*words, **options)

    tempfile.mkstemp = mkstemp
