"""From a request to queue items: checked first, stored once per key, announced on commit."""

import logging
from collections.abc import Sequence
from functools import partial

from celery import Signature
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError
from rest_framework.exceptions import ValidationError

from llmprovider.api.problems import Busy, Conflict
from llmprovider.api.requests import ManyComparisons, OneComparison
from llmprovider.api.results import KEEP_RESULTS
from llmprovider.contracts import (
    ComparisonRequest,
    Document,
    Overrides,
    QueueMode,
    bills,
    judging,
    queue,
)
from llmprovider.contracts.log_events import tell
from llmprovider.contracts.models import model_problem, refused_override
from llmprovider.models import ComparisonSet

log = logging.getLogger(__name__)

Asked = OneComparison | ManyComparisons


def earlier(owner: AbstractBaseUser, key: str, digest: str) -> ComparisonSet | None:
    """What this user's `key` stands for already. Raises Conflict where it is another request."""
    if not key:
        return None
    found = ComparisonSet.objects.filter(created_by=owner, idempotency_key=key).first()
    if found is not None and found.request_sha256 != digest:
        raise Conflict(
            f"This idempotency key stands for another request, {found.pk}. Use a new key."
        )
    return found


def create(asked: Asked, owner: AbstractBaseUser, key: str, digest: str) -> ComparisonSet:
    """Store the request with its queue items, all or nothing; its calls are sent on commit.

    May run twice, or twice at once: with a key one of them stores, and all return the same row.
    Raises ValidationError for what would fail later, Busy when the queue is full, Conflict.
    """
    overrides = _judge(asked)
    _check_size(asked)
    try:
        with transaction.atomic():
            comparison_set = ComparisonSet.objects.create(
                created_by=owner,
                idempotency_key=key,
                request_sha256=digest,
                provider=overrides.provider,
                model=overrides.model,
                comparisons=[[one.first.id, one.second.id] for one in asked.listed()],
            )
            chains = queue.submit(_requests(asked, overrides, comparison_set))
            transaction.on_commit(partial(_send, chains))
            transaction.on_commit(partial(_tell_of, comparison_set))
    except queue.QueueFull:
        raise Busy("The queue is full. Nothing was stored: send the request again later.") from None
    except IntegrityError:
        # A twin with the same key was faster.
        twin = earlier(owner, key, digest)
        if twin is None:
            raise
        return twin
    return comparison_set


def _judge(asked: Asked) -> Overrides:
    """Who judges. Raises ValidationError for a judge that could not, or could not be billed."""
    model = asked.model or judging.default_model(asked.provider)
    problem = judging.judge_problem(asked.provider, model)
    if problem:
        of_model = not model or model_problem(asked.provider, model, timezone.localdate())
        raise ValidationError({"model" if of_model else "provider": [problem]})
    if judging.is_mock(asked.provider) and not judging.has_mock_judge(model):
        raise ValidationError({"model": [f"there is no mock judge {model!r}"]})
    overrides = asked.to_overrides(model)
    refused = refused_override(overrides)
    if refused:
        field, message = refused
        raise ValidationError({field: [message]})
    has_price = asked.price is not None or bills.has_price(asked.provider, model)
    if asked.money_cap_usd is not None and not has_price:
        raise ValidationError(
            {
                "money_cap_usd": [
                    f"no price is known for {asked.provider} {model}. Give price, or no cap"
                ]
            }
        )
    return overrides


def _check_size(asked: Asked) -> None:
    """More than the whole queue never fit: no reason to ask again later."""
    number, capacity = len(asked.listed()), queue.capacity()
    if number > capacity:
        raise ValidationError(
            {"comparisons": [f"{number:,} at once; the queue holds {capacity:,} at most"]}
        )


def _requests(
    asked: Asked, overrides: Overrides, comparison_set: ComparisonSet
) -> list[ComparisonRequest]:
    instructions = asked.to_instructions()
    mode = QueueMode(asked.mode) if asked.mode else None
    return [
        ComparisonRequest(
            correlation_id=comparison_set.correlation_id(position),
            first=Document(id=one.first.id, text=one.first.text),
            second=Document(id=one.second.id, text=one.second.text),
            instructions=instructions,
            overrides=overrides,
            on_results=KEEP_RESULTS,
            queue_mode=mode,
            batch_key=comparison_set.batch_key,
            money_cap=asked.money_cap_usd,
            priority=asked.priority,
            metadata=one.metadata,
        )
        for position, one in enumerate(asked.listed())
    ]


def _tell_of(comparison_set: ComparisonSet) -> None:
    tell(
        log,
        logging.INFO,
        "comparisons_asked_for",
        batch=comparison_set.batch_key,
        provider=comparison_set.provider,
        model=comparison_set.model,
        comparisons=len(comparison_set.comparisons),
    )


def _send(chains: Sequence[Signature]) -> None:
    """A broker that is away must not fail what is stored: the clean-up sends it again."""
    try:
        for one in chains:
            one.apply_async()
    except OperationalError:
        tell(
            log,
            logging.WARNING,
            "broker_unreachable",
            "the broker cannot be reached; the clean-up will send this again",
        )
