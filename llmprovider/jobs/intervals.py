"""How long a job is held, and how long to wait between two looks at it."""

import random
from datetime import timedelta
from typing import Final

from llmprovider.conf import get_settings

# A worker holds a job for so long, and takes it again with every few hundred of its requests.
HOLD: Final = timedelta(minutes=5)


def until_next_check(checks: int) -> timedelta:
    """After `checks` looks: BATCH_POLL_FIRST_SECONDS, doubled each time up to the longest, with up
    to a fifth more or less."""
    settings = get_settings()
    doubled = settings.BATCH_POLL_FIRST_SECONDS * 2.0 ** min(checks, 30)
    seconds = min(doubled, settings.BATCH_POLL_MAX_SECONDS)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 - spreads load
