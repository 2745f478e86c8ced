"""To whom an event goes, stored with the event itself; and once more, when a person asks."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from assessment.conf import get_settings
from assessment.models.deliveries import EventDelivery
from assessment.outbox import messages

if TYPE_CHECKING:
    from assessment.models.events import OutgoingEvent


def plan(event: "OutgoingEvent") -> None:
    """Have the event delivered to each target that is configured now and does not have it yet.

    Call it in the transaction that stores the event: then no event can lack its deliveries. May run
    twice.
    """
    urls = dict.fromkeys(get_settings().EVENT_WEBHOOK_URLS)
    if urls:
        EventDelivery.objects.bulk_create(
            (EventDelivery(event=event, target=url) for url in urls), ignore_conflicts=True
        )
        transaction.on_commit(messages.deliver_events)


def send_again(event: "OutgoingEvent") -> int:
    """Have the event delivered once more, same id and same bytes; returns to how many targets.

    What is being sent at this moment is left alone.
    """
    now = timezone.now()
    with transaction.atomic():
        plan(event)
        asked = event.deliveries.filter(
            Q(leased_until__isnull=True) | Q(leased_until__lte=now)
        ).update(
            status=EventDelivery.Status.PENDING,
            failures=0,
            refusals=0,
            asked_at=now,
            next_attempt_at=now,
            leased_until=None,
        )
        transaction.on_commit(messages.deliver_events)
    return asked
