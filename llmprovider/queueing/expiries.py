"""Times to live: how long a comparison may wait before it ends without an outcome."""

from datetime import timedelta

from llmprovider.conf import get_settings
from llmprovider.models import Bundle

# A night's gathering may begin right after the last one was sent.
_A_DAY = timedelta(hours=24)


def time_to_live(route: str) -> timedelta:
    """From now on, for a comparison that waits in the queue on this way."""
    settings = get_settings()
    live = timedelta(seconds=settings.QUEUED_TTL_SECONDS)
    if route == Bundle.Route.LIVE:
        return live
    return max(live, _A_DAY + timedelta(seconds=settings.BATCH_JOB_DEADLINE_SECONDS))
