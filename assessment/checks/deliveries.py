"""Events on their way: none is due and sent by nobody, and none is given up unseen."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from assessment.models import EventDelivery
from assessment.outbox.delivering import deliver_due
from llmprovider.contracts.findings import Check, Visit

# Senders take turns, ten seconds each; a receiver that does not answer holds up the others.
OVERLOOKED = timedelta(minutes=10)


def _in_batch(key: str) -> Q:
    return Q(event__batch=key)


def overdue(now: datetime) -> QuerySet:
    long_ago = now - OVERLOOKED
    unclaimed = Q(leased_until__isnull=True) | Q(leased_until__lt=long_ago)
    late = EventDelivery.objects.filter(
        unclaimed, status=EventDelivery.Status.PENDING, next_attempt_at__lt=long_ago
    )
    return late.order_by("pk").values_list("pk", flat=True)


def given_up(now: datetime) -> QuerySet:
    lost = EventDelivery.objects.filter(status=EventDelivery.Status.GIVEN_UP)
    return lost.order_by("pk").values_list("pk", flat=True)


def send_now(visit: Visit) -> None:
    """What beat has a worker do: for some ten seconds, whatever is due."""
    deliver_due()


CHECKS = (
    Check(
        code="event_overdue",
        of="delivery",
        what="events that were due to be sent, and that nobody sends",
        remedy="sends what is due, for ten seconds; then start workers and beat",
        find=overdue,
        in_batch=_in_batch,
        repair=send_now,
    ),
    Check(
        code="event_given_up",
        of="delivery",
        what="events that their receiver did not take, and that are sent no more",
        remedy="see in the admin why; once the receiver is mended, send them again there",
        find=given_up,
        in_batch=_in_batch,
        notice=True,
    ),
)
