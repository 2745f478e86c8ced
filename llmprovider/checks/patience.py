"""How long the system itself may take to put something right before it is a finding."""

from datetime import datetime, timedelta

from llmprovider.conf import get_settings


def settled(now: datetime) -> datetime:
    """What is older has been overlooked: one wait until a sweep sees it, one for what it sent."""
    return now - timedelta(seconds=2 * get_settings().LOST_MESSAGE_SECONDS)


def lease() -> timedelta:
    """How long a call may be under way."""
    return timedelta(seconds=get_settings().PROCESSING_LEASE_SECONDS)
