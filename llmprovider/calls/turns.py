"""One ticket's turn: work the bundle whose turn it is, or say when to come back.

A ticket is the right to make one call. No worker sleeps on it: where nothing can be worked now, the
ticket comes back when something can.
"""

import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils import timezone

from llmprovider.calls.admissions import Begun, Decided, Postponed, begin_in_line
from llmprovider.calls.processing import carry_out
from llmprovider.models import Bundle
from llmprovider.providers.registry import provider_for
from llmprovider.queueing import messages
from llmprovider.queueing.picking import Lane, next_due, waiting_lines
from llmprovider.queueing.places import closed_until

# How often a ticket looks at the queue before it gives its place to others.
LOOKS: Final = 25
# Of all tickets that find nothing to do, so many come back in a second, about.
LOOKS_PER_SECOND: Final = 20


@dataclass(frozen=True)
class Turn:
    """`bundle`: whose items have an outcome now or wait again; None: nothing could be worked.

    `back_in`: seconds after which the same ticket is to come back; None: it has done its part.
    """

    bundle: Bundle | None
    back_in: float | None = None


def take_turn() -> Turn:
    """Work at most one bundle. An error of this service is raised, with the rows in order."""
    full: set[Lane] = set()
    held: set[str] = set()
    until = None
    closed: dict[Lane, datetime] = {}
    for _ in range(LOOKS):
        now = timezone.now()
        closed = closed_until(now)
        lines = [
            line for line in waiting_lines(now, {*closed, *full}) if line.batch_key not in held
        ]
        if not lines:
            break
        contested = any(line.batch_key != lines[0].batch_key for line in lines)
        with suppress(Exception):
            # The first of its kind loads the vendor's library, which takes seconds: not while the
            # call's time is taken. What is wrong with it the call itself will say.
            provider_for(lines[0].provider)
        step = begin_in_line(lines[0], give_way=contested)
        if isinstance(step, Begun):
            return _after_call(step.bundle, carry_out(step))
        if isinstance(step, Decided):
            return Turn(step.bundle)
        if isinstance(step, Postponed):
            until = min(until or step.until, step.until)
            if step.by_judge:
                full.add((step.bundle.provider, step.bundle.model))
            else:
                held.add(step.bundle.batch_key)
    else:
        until = until or timezone.now()  # others were always faster; there may be more
    return Turn(None, _back_in(until, closed))


def _back_in(until: datetime | None, closed: Mapping[Lane, datetime]) -> float | None:
    """Seconds until something can be worked, by `until` or by the rows; None: not soon.

    `closed`: lanes where nobody need ask, and until when.
    """
    now = timezone.now()
    due = until or next_due(now, closed, messages.SLOT)
    if due is None or due - now > messages.SLOT:
        return None
    waiting = Bundle.objects.filter(waiting=True).count()
    crowd = random.uniform(0.0, waiting / LOOKS_PER_SECOND)  # noqa: S311 - guards nothing
    longest = messages.SLOT.total_seconds()
    return min(max(0.0, (due - now).total_seconds()) + crowd, longest)


def _after_call(bundle: Bundle, retries: list[Bundle]) -> Turn:
    """The ticket stays with the first retry, so that a chord waits for it; others get their own."""
    if not retries:
        return Turn(bundle)
    messages.announce_all(retries[1:])
    wait = (retries[0].not_before - timezone.now()).total_seconds()
    return Turn(bundle, max(0.0, wait))
