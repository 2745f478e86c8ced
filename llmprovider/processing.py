"""One bundle, one provider call: claim, ask, map the answers back, store every outcome."""

import hashlib
import hmac
import logging
import time
from contextlib import suppress
from copy import copy
from decimal import Decimal
from functools import partial

from django.conf import settings as django_settings
from django.db import OperationalError, close_old_connections, transaction
from django.db.models import Sum
from django.utils import timezone

from llmprovider import messages
from llmprovider.answers import read_answer
from llmprovider.contracts import ErrorType, Instructions
from llmprovider.leases import claim
from llmprovider.models import Bundle, ProviderCall, QueueItem
from llmprovider.outcomes import Failure, ItemOutcome, store_outcomes
from llmprovider.pricing import UnknownPrice, cost_of
from llmprovider.prompts import Comparison, Prompt, build_prompt
from llmprovider.providers.base import ProviderError, ProviderRequest, ProviderResponse, Stop
from llmprovider.providers.registry import is_mock, provider_for
from llmprovider.retries import plan_retries
from llmprovider.tokens import max_output_tokens

log = logging.getLogger(__name__)


def process(bundle_id: str) -> None:
    """Judge the items of a bundle that are still queued, with one provider call.

    May run twice, or twice at once: items are claimed, and an item's first outcome stays.
    Never raises for what a provider does; an unexpected error leaves the lease to run out.
    """
    bundle = Bundle.objects.select_related("instructions").get(pk=bundle_id)
    now = timezone.now()
    if bundle.not_before and bundle.not_before > now:
        return  # announced too early; the clean-up announces it again when it is due
    items = claim(bundle, now)
    if not items:
        return
    if _money_cap_reached(bundle, items):
        cancelled = Failure(ErrorType.CANCELLED, "withdrawn: the batch's money cap is reached")
        store_outcomes(items, {item.pk: cancelled for item in items}, call=None)
        return
    prompt = _prompt_for(bundle, items)
    request = _request_for(bundle, items, prompt)
    call = ProviderCall.objects.create(
        bundle=bundle,
        batch_key=bundle.batch_key,
        provider=bundle.provider,
        model=bundle.model,
        mock=is_mock(bundle.provider),
        items_count=len(items),
        attempt=max(item.attempts for item in items) + 1,
        prompt_sha256=prompt.sha256,
        started_at=timezone.now(),
    )
    try:
        response = provider_for(bundle.provider).call(request)
    except ProviderError as error:
        _record_failed_call(call, bundle, items, error)
    else:
        _record_answered_call(call, bundle, items, prompt, response)


def _money_cap_reached(bundle: Bundle, items: list[QueueItem]) -> bool:
    caps = [item.money_cap for item in items if item.money_cap is not None]
    if not caps:
        return False
    return spent(bundle.batch_key) >= min(caps)


def spent(batch_key: str) -> Decimal:
    """USD billed for the calls of a batch so far."""
    total = ProviderCall.objects.filter(batch_key=batch_key).aggregate(total=Sum("cost_usd"))
    return total["total"] or Decimal(0)


def _prompt_for(bundle: Bundle, items: list[QueueItem]) -> Prompt:
    texts = bundle.instructions
    # Unguessable for an essay's author, and the same when a crashed call is made again.
    secret = hmac.new(
        django_settings.SECRET_KEY.encode(),
        f"{bundle.pk}:{max(item.attempts for item in items)}".encode(),
        hashlib.sha256,
    ).hexdigest()
    return build_prompt(
        [
            Comparison(item.first_id, item.first.text, item.second_id, item.second.text)
            for item in items
        ],
        Instructions(system_prompt=texts.system_prompt, task=texts.task, rubric=texts.rubric),
        system_prompt=bundle.overrides.get("system_prompt"),
        nonce=secret[:16],
        seed=secret[16:],
    )


def _request_for(bundle: Bundle, items: list[QueueItem], prompt: Prompt) -> ProviderRequest:
    overrides = bundle.overrides
    return ProviderRequest(
        provider=bundle.provider,
        model=bundle.model,
        system=prompt.system,
        user=prompt.user,
        schema=prompt.schema,
        max_tokens=overrides.get("max_tokens") or max_output_tokens(len(items)),
        temperature=overrides.get("temperature"),
        reasoning_effort=overrides.get("reasoning_effort"),
        output_verbosity=overrides.get("output_verbosity"),
        occasions={
            name: f"{item.occasion}.{item.attempts}"
            for name, item in zip(prompt.items, items, strict=True)
        },
    )


def _record_answered_call(
    call: ProviderCall,
    bundle: Bundle,
    items: list[QueueItem],
    prompt: Prompt,
    response: ProviderResponse,
) -> None:
    unreadable = False
    if response.stop is Stop.REFUSAL:
        refusal = Failure(ErrorType.REFUSAL, "the model declined to judge these texts")
        outcomes: dict[object, ItemOutcome] = {item.pk: refusal for item in items}
        call.error_type = ErrorType.REFUSAL
    else:
        truncated = response.stop is Stop.MAX_TOKENS
        answer = read_answer(response.text, prompt.items, truncated=truncated)
        unreadable = not answer.readable
        outcomes = {}
        for name, item in zip(prompt.items, items, strict=True):
            if name in answer.verdicts:
                outcomes[item.pk] = answer.verdicts[name]
            else:
                problem = answer.problems[name]
                outcomes[item.pk] = Failure(problem.error_type, problem.message)
        call.unknown_items = answer.unknown_items
        if truncated:
            call.error_type = ErrorType.MAX_TOKENS
        elif len(answer.problems) == len(items):
            call.error_type = ErrorType.INVALID_RESPONSE
    usage = response.usage
    call.resolved_model = response.model
    call.vendor_request_id = response.request_id
    call.input_tokens = usage.input
    call.output_tokens = usage.output
    call.cache_read_tokens = usage.cache_read
    call.cache_write_tokens = usage.cache_write
    call.reasoning_tokens = usage.reasoning
    call.cost_usd, call.priced = _price(bundle, response)
    _finish(call, bundle, items, outcomes, unreadable=unreadable)


def _price(bundle: Bundle, response: ProviderResponse) -> tuple[Decimal, bool]:
    """The call's cost, at the price of the model that answered, else of the one asked for.

    False beside it where neither has a known price: the cost is then unknown, not nothing.
    """
    for model in (response.model, bundle.model):
        with suppress(UnknownPrice):
            return cost_of(bundle.provider, model, response.usage), True
    return Decimal(0), False


def _record_failed_call(
    call: ProviderCall, bundle: Bundle, items: list[QueueItem], error: ProviderError
) -> None:
    call.error_type = error.error_type
    call.error_message = error.message[:500]
    call.vendor_request_id = error.request_id
    call.priced = True  # a refused call is not billed
    failure = Failure(error.error_type, error.message, error.retry_after)
    _finish(call, bundle, items, {item.pk: failure for item in items})


def _finish(
    call: ProviderCall,
    bundle: Bundle,
    items: list[QueueItem],
    outcomes: dict[object, ItemOutcome],
    *,
    unreadable: bool = False,
) -> None:
    """Bill the call and store every item's outcome, in one transaction; then announce retries."""
    call.finished_at = timezone.now()
    call.latency_ms = int((call.finished_at - call.started_at).total_seconds() * 1000)
    again = _store(call, bundle, items, outcomes, unreadable)
    log.info(
        "call bundle=%s batch=%s mode=%s provider=%s model=%s items=%d retried=%d error=%s ms=%d",
        bundle.pk,
        bundle.batch_key,
        bundle.queue_mode,
        bundle.provider,
        bundle.model,
        len(items),
        len(again),
        call.error_type or "-",
        call.latency_ms,
    )


# An answer is paid for: a database that is busy or restarting is asked again before it is let go.
STORE_PAUSES = (0.2, 1.0, 3.0, 8.0)


def _store(
    call: ProviderCall,
    bundle: Bundle,
    items: list[QueueItem],
    outcomes: dict[object, ItemOutcome],
    unreadable: bool,
) -> list[QueueItem]:
    """One transaction for the bill, the outcomes and the retries; returns the items to retry."""
    for pause in (*STORE_PAUSES, None):
        fresh = [copy(item) for item in items]  # an attempt that failed must leave no trace
        try:
            with transaction.atomic():
                call.save()
                again = store_outcomes(fresh, outcomes, call=call, prompt_sha256=call.prompt_sha256)
                retries = plan_retries(
                    bundle,
                    again,
                    [one for item in again if isinstance(one := outcomes[item.pk], Failure)],
                    smaller=unreadable,
                    now=call.finished_at or timezone.now(),
                )
                transaction.on_commit(partial(messages.announce_all, retries))
            return again
        except OperationalError:
            if pause is None:
                raise
            close_old_connections()
            time.sleep(pause)
    raise AssertionError("the last attempt returns or raises")
