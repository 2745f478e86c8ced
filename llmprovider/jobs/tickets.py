"""Tickets for comparisons that come from a job into the live queue."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from django.db import transaction

from llmprovider.models import Bundle
from llmprovider.queueing.clean_up import TICKETS
from llmprovider.queueing.messages import announce


def send_tickets(bundle_ids: Sequence[UUID]) -> None:
    """A few tickets that go on until nothing is left, once the transaction is committed."""
    for bundle in Bundle.objects.filter(pk__in=list(bundle_ids[:TICKETS])):
        transaction.on_commit(partial(announce, bundle, goes_on=True))
