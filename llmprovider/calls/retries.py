"""Retries: what may be asked again, in which bundles, and after how long a wait."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from llmprovider import tallies
from llmprovider.calls.outcomes import Failure
from llmprovider.conf import get_settings
from llmprovider.contracts import ErrorType
from llmprovider.models import Bundle, QueueItem
from llmprovider.queueing import messages

# Asking for less at once can cure these; anything else would only multiply the calls.
CURED_BY_A_SMALLER_BUNDLE = frozenset({ErrorType.MAX_TOKENS, ErrorType.TIMEOUT})


def plan_retries(
    bundle: Bundle,
    again: Sequence[QueueItem],
    failures: Sequence[Failure],
    *,
    smaller: bool,
    now: datetime,
    route: str = Bundle.Route.LIVE,
) -> list[Bundle]:
    """Store new bundles for `again`, the items of `bundle` that may be asked again, on this way.

    `failures` says why. They are halved when `smaller` is asked for (an answer that could not be
    read) or where size can be the cause; an item missing from a readable answer is asked as it is.
    """
    if not again:
        return []
    tallies.retried(bundle.provider, bundle.model, [one.error_type for one in failures])
    halve = smaller or any(
        one.size or one.error_type in CURED_BY_A_SMALLER_BUNDLE for one in failures
    )
    attempts = max(item.attempts for item in again)
    if not halve:
        size = len(again)
    elif attempts + 1 >= get_settings().QUEUE_MAX_ATTEMPTS:
        size = 1  # the last attempt is made alone, so that no item fails for its neighbours
    else:
        size = max(1, len(again) // 2)
    asked = max((one.retry_after or 0.0 for one in failures), default=0.0)
    due = now + wait_before_retry(attempts, asked)
    bundles = []
    for start in range(0, len(again), size):
        retry = bundle.followed_by(
            not_before=due,
            announced_at=due if due - now <= messages.SLOT else now,
            route=route,
            waiting=route == Bundle.Route.LIVE,
        )
        for index, item in enumerate(again[start : start + size]):
            QueueItem.objects.filter(pk=item.pk).update(bundle=retry, bundle_index=index)
        bundles.append(retry)
    return bundles


def wait_before_retry(attempts: int, asked: float) -> timedelta:
    """Backoff that doubles with each attempt, with jitter; at least what the provider asked for.

    `attempts`: 0 where all calls so far were turned away. `asked` is in seconds, 0 where the
    provider said nothing. The backoff is bounded by
    QUEUE_RETRY_MAX_SECONDS, what the provider asks for by RETRY_AFTER_MAX_SECONDS.
    """
    settings = get_settings()
    backoff = settings.QUEUE_RETRY_BASE_SECONDS * 2 ** max(0, attempts - 1)
    jittered = backoff * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load, guards nothing
    own = min(jittered, settings.QUEUE_RETRY_MAX_SECONDS)
    return timedelta(seconds=max(own, min(asked, settings.RETRY_AFTER_MAX_SECONDS)))
