"""Sending what is due: claim a row, post outside any transaction, store what came of it."""

import logging
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from assessment.conf import AssessmentSettings, get_settings
from assessment.metrics import EVENT_DELIVERY_FAILURES
from assessment.models import EventDelivery
from assessment.outbox import retries
from assessment.outbox.posting import NotPosted, post
from assessment.outbox.retries import Verdict
from assessment.outbox.rules import rules_of
from assessment.outbox.signatures import body_of, headers_of
from assessment.outbox.targets import BadTarget, place_of
from llmprovider.contracts.faults import fault_of
from llmprovider.contracts.log_events import tell

log = logging.getLogger(__name__)

ATTEMPT_SECONDS = 10.0
# Longer than any attempt: a row leased past its end belongs to a sender that has died.
LEASE = timedelta(seconds=60)
# No attempt begins later than this after the first, so a slow receiver holds a worker no longer
# than two attempts.
CHUNK_SECONDS = 10.0


@dataclass(frozen=True)
class _Outcome:
    verdict: Verdict
    status: int | None = None
    problem: str = ""
    asked_wait: timedelta = timedelta()


def deliver_due() -> int:
    """Send what is due, one after the other, for a bounded time; returns how many got through.

    May run any number of times at once: each row is claimed by one sender, and no target has two
    posts at a time.
    """
    delivered = 0
    until = time.monotonic() + CHUNK_SECONDS
    while time.monotonic() < until:
        delivery = claim(timezone.now())
        if delivery is None:
            break
        outcome = _outcome_of(delivery)
        settle = _store_success if outcome.verdict is Verdict.DELIVERED else _store_failure
        settle(delivery, outcome)
        delivered += outcome.verdict is Verdict.DELIVERED
    return delivered


def claim(now: datetime) -> EventDelivery | None:
    """The delivery whose turn it is, leased to the caller and its attempt counted; None if none is.

    Those that have failed least come first, so one that always fails keeps no other waiting.
    """
    pending = EventDelivery.objects.filter(status=EventDelivery.Status.PENDING)
    engaged = pending.filter(target=OuterRef("target"), leased_until__gt=now)
    # A row that is leased itself is left out with all others of its target.
    due = pending.filter(~Exists(engaged), next_attempt_at__lte=now)
    while True:
        delivery = due.select_related("event").order_by("failures", "next_attempt_at", "pk").first()
        if delivery is None:
            return None
        # Compare-and-set: the number of attempts tells whether another sender was faster.
        claimed = due.filter(pk=delivery.pk, attempts=delivery.attempts).update(
            attempts=F("attempts") + 1, leased_until=now + LEASE
        )
        if claimed:
            delivery.attempts += 1
            return delivery


def _outcome_of(delivery: EventDelivery) -> _Outcome:
    """Of one attempt, which must not end the others whatever happens in it."""
    try:
        return _attempt(delivery, get_settings())
    except Exception as error:
        tell(
            log,
            logging.ERROR,
            "event_not_sent",
            delivery=delivery.pk,
            batch=delivery.event.batch_id,
            fault=fault_of(error),
        )
        return _Outcome(Verdict.REFUSED, problem="internal_error")


def _attempt(delivery: EventDelivery, settings: AssessmentSettings) -> _Outcome:
    """Post the event. What the settings do not allow today is not sent, whoever allowed it."""
    event, now = delivery.event, timezone.now()
    rules = rules_of(settings)
    try:
        target = rules.target_of(delivery.target)
    except BadTarget:
        return _Outcome(Verdict.REFUSED, problem="target_not_allowed")
    body = body_of(event.document)
    secret = settings.EVENT_WEBHOOK_SECRET.get_secret_value()
    headers = headers_of(secret, int(now.timestamp()), event.event_id, body)
    try:
        answer = post(target, rules, headers, body, seconds=ATTEMPT_SECONDS)
    except NotPosted as error:
        refused = error.problem == "address_not_allowed"
        return _Outcome(Verdict.REFUSED if refused else Verdict.LATER, problem=error.problem)
    return _Outcome(
        retries.verdict_of(answer.status),
        answer.status,
        asked_wait=retries.asked_wait(answer.retry_after, now),
    )


def _store_success(delivery: EventDelivery, outcome: _Outcome) -> None:
    """It holds even if the lease has run out meanwhile: the receiver has the event."""
    EventDelivery.objects.filter(pk=delivery.pk).update(
        status=EventDelivery.Status.DELIVERED,
        delivered_at=timezone.now(),
        last_status=outcome.status,
        last_problem="",
        leased_until=None,
    )
    _log(logging.INFO, "event_delivered", delivery, outcome)


def _store_failure(delivery: EventDelivery, outcome: _Outcome) -> None:
    now = timezone.now()
    standing = retries.Standing(
        delivery.failures + 1,
        delivery.refusals + (outcome.verdict is Verdict.REFUSED),
        delivery.asked_at,
    )
    wait = retries.wait_after(standing.failures, outcome.asked_wait, random.random())  # noqa: S311
    patience = timedelta(hours=get_settings().EVENT_WEBHOOK_GIVE_UP_HOURS)
    hopeless = retries.is_hopeless(standing, outcome.verdict, now + wait, patience)
    EVENT_DELIVERY_FAILURES.inc()
    with transaction.atomic():
        mine = EventDelivery.objects.filter(
            pk=delivery.pk, status=EventDelivery.Status.PENDING, attempts=delivery.attempts
        )
        stored = mine.update(
            status=EventDelivery.Status.GIVEN_UP if hopeless else EventDelivery.Status.PENDING,
            failures=standing.failures,
            refusals=standing.refusals,
            next_attempt_at=now + wait,
            last_status=outcome.status,
            last_problem=outcome.problem,
            leased_until=None,
        )
        if outcome.verdict is Verdict.LATER and retries.is_of_target(outcome.status):
            _spare(delivery.target, now + max(retries.TARGET_WAIT, outcome.asked_wait))
    if stored:
        told = partial(_log, delivery=delivery, outcome=outcome)
        if hopeless:
            told(logging.ERROR, "event_given_up")
        else:
            told(logging.WARNING, "event_not_delivered")


def _spare(target: str, until: datetime) -> None:
    """Other events need not find out, ten seconds each, that nobody is there."""
    EventDelivery.objects.filter(
        target=target, status=EventDelivery.Status.PENDING, next_attempt_at__lt=until
    ).update(next_attempt_at=until)


def _log(level: int, what: str, delivery: EventDelivery, outcome: _Outcome) -> None:
    event = delivery.event
    tell(
        log,
        level,
        what,
        event_id=event.event_id,
        kind=event.kind,
        batch=event.batch_id,
        request_correlation_id=event.document.get("request_correlation_id"),
        host=place_of(delivery.target),
        attempt=delivery.attempts,
        answer=outcome.status or outcome.problem,
    )
