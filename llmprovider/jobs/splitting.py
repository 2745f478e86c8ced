"""How many jobs a provider's limits ask for: a pure split of requests in their order."""

from collections.abc import Sequence
from typing import Final

# Sizes are estimates until the file is written.
BYTES_SHARE: Final = 0.95


def split(sizes: Sequence[int], *, most_requests: int, most_bytes: int) -> list[range]:
    """Positions in `sizes` (bytes of each request), one range per job.

    A job holds at most `most_requests` requests and 95 % of `most_bytes`; a request larger than
    that has a job of its own. Raises ValueError where a job could hold nothing.
    """
    if most_requests < 1 or most_bytes < 1:
        raise ValueError("a job holds at least one request")
    room = int(most_bytes * BYTES_SHARE)
    jobs: list[range] = []
    start = used = 0
    for at, size in enumerate(sizes):
        if at > start and (at - start == most_requests or used + size > room):
            jobs.append(range(start, at))
            start, used = at, 0
        used += size
    if start < len(sizes):
        jobs.append(range(start, len(sizes)))
    return jobs
