"""How long to wait between two looks at a job: longer each time, and never all at once."""

import random
from datetime import timedelta

from llmprovider.conf import get_settings


def until_next_check(checks: int) -> timedelta:
    """After `checks` looks: BATCH_POLL_FIRST_SECONDS, doubled each time up to the longest, with up
    to a fifth more or less."""
    settings = get_settings()
    doubled = settings.BATCH_POLL_FIRST_SECONDS * 2.0 ** min(checks, 30)
    seconds = min(doubled, settings.BATCH_POLL_MAX_SECONDS)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 - spreads load
