"""One bundle, one provider call: begin, ask, map the answers back, store every outcome."""

import logging
import time
from collections.abc import Callable
from copy import copy
from decimal import Decimal
from typing import Final, TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.utils import timezone

from llmprovider import gates, tallies
from llmprovider.calls.admissions import Begun, begin
from llmprovider.calls.outcomes import Failure, ItemOutcome, store_outcomes
from llmprovider.calls.records import note_answer, note_error
from llmprovider.calls.requests import judge_of, prompt_for, request_for
from llmprovider.calls.retries import plan_retries
from llmprovider.contracts import ErrorType, TokenUsage
from llmprovider.contracts.log_events import tell
from llmprovider.log_names import bundle_context
from llmprovider.models import Bundle, ProviderCall, QueueItem
from llmprovider.prompting.tokens import estimate_tokens
from llmprovider.providers.base import (
    ProviderError,
    ProviderRequest,
    ProviderResponse,
    VendorLimit,
)
from llmprovider.providers.registry import provider_for
from llmprovider.queueing import messages
from llmprovider.queueing.leases import end_leases

log = logging.getLogger(__name__)

# Not whether it is in its account's sum, which may be so by the time that it is stored again.
_CALL_FIELDS: Final = [
    field.name
    for field in ProviderCall._meta.concrete_fields
    if not field.primary_key and field.name != "in_account"
]


def process(bundle_id: str) -> None:
    """Judge the items of one bundle that are still queued, if it is due, with one provider call.

    May run twice, or twice at once: items are claimed, and an item's first outcome stays. A retry
    that comes of it is announced. Never raises for what a provider does.
    """
    step = begin(bundle_id)
    if isinstance(step, Begun):
        messages.announce_all(carry_out(step))


def carry_out(begun: Begun) -> list[Bundle]:
    """Make a call that has begun and store what comes of it.

    Returns the new bundles due so soon that a ticket must be sent for each, or kept; later ones are
    the clean-up's. An error of this service is raised once the items are back in the queue, unless
    there is an answer: then they stay leased, so that nothing is paid for twice.
    """
    with bundle_context(begun.bundle, begun.items):
        return _carry_out(begun)


def _carry_out(begun: Begun) -> list[Bundle]:
    asked = False
    try:
        prompt = prompt_for(begun.bundle, begun.items)
        begun.call.prompt_sha256 = prompt.sha256
        begun.call.save(update_fields=["prompt_sha256"])
        request = request_for(begun.bundle, begun.items, prompt, begun.size)
        judge = provider_for(begun.bundle.provider)
        asked = True
        response = judge.call(request)
    except ProviderError as error:
        return _record_failed_call(begun, error)
    except Exception as error:
        _undo(begun, error, asked=asked)
        raise
    return _record_answered_call(begun, request, response)


def _record_answered_call(
    begun: Begun, request: ProviderRequest, response: ProviderResponse
) -> list[Bundle]:
    noted = note_answer(begun.call, begun.items, judge_of(begun.bundle), response)
    return _finish(
        begun,
        noted.outcomes,
        unreadable=noted.unreadable,
        usage=response.usage or _estimated(request, response),
        limits=response.limits,
    )


def _estimated(request: ProviderRequest, response: ProviderResponse) -> TokenUsage:
    """For the limits per minute, where the provider does not say what it used."""
    return TokenUsage(
        input=estimate_tokens(request.system) + estimate_tokens(request.user),
        output=estimate_tokens(response.text),
    )


def _record_failed_call(begun: Begun, error: ProviderError) -> list[Bundle]:
    failure = note_error(begun.call, error, items=len(begun.items))
    outcomes: dict[object, ItemOutcome] = {item.pk: failure for item in begun.items}
    return _finish(begun, outcomes, error=error, limits=error.limits)


def _finish(
    begun: Begun,
    outcomes: dict[object, ItemOutcome],
    *,
    unreadable: bool = False,
    usage: TokenUsage | None = None,
    error: ProviderError | None = None,
    limits: tuple[VendorLimit, ...] = (),
) -> list[Bundle]:
    """Bill the call and store every item's outcome, in one transaction."""
    call, bundle = begun.call, begun.bundle
    now = timezone.now()
    call.finished_at = now
    call.latency_ms = int((now - call.started_at).total_seconds() * 1000)

    def store() -> tuple[list[QueueItem], list[Bundle]]:
        fresh = [copy(item) for item in begun.items]  # an attempt that failed leaves no trace
        with transaction.atomic():
            gates.settle(
                call.provider,
                call.model,
                call.grant_id,
                now,
                usage=usage,
                error=error,
                limits=limits,
            )
            call.save(update_fields=_CALL_FIELDS)
            tallies.call_ended(call, bundle.queue_mode)
            again = store_outcomes(fresh, outcomes, call=call, prompt_sha256=call.prompt_sha256)
            failures = [one for item in again if isinstance(one := outcomes[item.pk], Failure)]
            return again, plan_retries(bundle, again, failures, smaller=unreadable, now=now)

    again, retries = _persistently(store)
    tell(
        log,
        logging.INFO,
        "call",
        bundle=bundle.pk,
        batch=bundle.batch_key,
        queue_mode=bundle.queue_mode,
        provider=bundle.provider,
        model=bundle.model,
        items=len(begun.items),
        retried=len(again),
        error=call.error_type or None,
        ms=call.latency_ms,
    )
    return [retry for retry in retries if retry.not_before - now <= messages.SLOT]


def _undo(begun: Begun, error: Exception, *, asked: bool) -> None:
    """This service failed before there was an answer: the leases end now, and the clean-up sees to
    the items. Where the provider may have been `asked`, what that may cost stays reserved."""
    call = begun.call
    if not asked:
        call.reserved_usd = Decimal(0)
    call.error_type = ErrorType.SERVER_ERROR
    call.error_message = f"this service failed: {type(error).__name__}"
    now = timezone.now()

    def store() -> None:
        with transaction.atomic():
            gates.settle(call.provider, call.model, call.grant_id, now)
            call.save()
            if asked:
                tallies.call_ended(call, begun.bundle.queue_mode)
            else:
                tallies.billed(call)
            end_leases(begun.items, now)

    _persistently(store)


# An answer is paid for: a database that is busy or restarting is asked again before it is let go.
STORE_PAUSES = (0.2, 1.0, 3.0, 8.0, 15.0)

Stored = TypeVar("Stored")


def _persistently(store: Callable[[], Stored]) -> Stored:
    for pause in STORE_PAUSES:
        try:
            return store()
        except (OperationalError, InterfaceError):
            close_old_connections()
            time.sleep(pause)
    return store()
