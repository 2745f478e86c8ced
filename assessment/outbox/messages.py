"""The message that has due deliveries sent. Losing it loses nothing: beat sends it as well."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

from llmprovider.contracts.log_events import tell

log = logging.getLogger(__name__)

DELIVER_EVENTS = "assessment.deliver_events"


def deliver_events() -> None:
    """Have what is due delivered. A broker that is away must not fail the end of a batch."""
    try:
        current_app.send_task(DELIVER_EVENTS, ignore_result=True)
    except OperationalError:
        tell(
            log,
            logging.WARNING,
            "broker_unreachable",
            "the broker cannot be reached; the sweep will deliver the event from its row",
        )
