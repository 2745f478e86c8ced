"""Instalments: comparisons that are too many for one transaction come in several.

Their places in the queue are kept from the first on (`BatchAccount.expected`), so that two batches
cannot stop each other half-way. Each function runs in the caller's transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import F, QuerySet
from django.utils import timezone

from llmprovider.conf import BatchApiMode, get_settings
from llmprovider.contracts.comparisons import ComparisonRequest
from llmprovider.costs.call_plans import MeasuredText, measured
from llmprovider.jobs.planning import Weighed, plan_weighed, weighed
from llmprovider.models import BatchAccount, BatchJob, Bundle
from llmprovider.queueing.enqueueing import calls_of, check_room, store_calls
from llmprovider.queueing.turnstiles import one_at_a_time


@dataclass(frozen=True)
class Instalment:
    """Comparisons by call, and their texts (with those of the other parts), measured."""

    calls: list[list[ComparisonRequest]]
    texts: dict[str, MeasuredText] = field(repr=False)

    @property
    def comparisons(self) -> list[ComparisonRequest]:
        return [comparison for call in self.calls for comparison in call]


def expect(batch_key: str, count: int) -> None:
    """Keep places for `count` comparisons. Raises QueueFull, with nothing stored."""
    one_at_a_time()
    check_room(count)
    BatchAccount.objects.get_or_create(batch_key=batch_key)
    BatchAccount.objects.filter(pk=batch_key).update(expected=count)


def instalments_of(requests: Sequence[ComparisonRequest], most: int) -> list[Instalment]:
    """The calls of `requests`, planned together, in parts of at most `most` comparisons.

    A call is never cut, so one larger than `most` is a part by itself. Touches no rows.
    """
    texts = measured(requests)
    parts: list[Instalment] = []
    room = 0
    for call in calls_of(requests, texts):
        if not parts or len(call) > room:
            parts.append(Instalment([], texts))
            room = most
        parts[-1].calls.append(call)
        room -= len(call)
    return parts


def take(part: Instalment) -> list[Bundle]:
    """Store one part; the caller sees to it that none is stored twice."""
    one_at_a_time()
    comparisons = part.comparisons
    account = BatchAccount.objects.filter(pk=comparisons[0].batch_key)
    account.update(expected=F("expected") - len(comparisons))
    return store_calls(part.calls, part.texts)


def weighed_for_jobs(batch_key: str) -> Weighed:
    """What `conclude` needs; only reads, and outside its transaction keeps nobody waiting."""
    return weighed(list(_waiting(batch_key).values_list("pk", flat=True)))


def conclude(batch_key: str, found: Weighed) -> list[BatchJob]:
    """Plan the jobs of all that came, unless it waits for the night. May run twice."""
    one_at_a_time()
    forgo(batch_key)
    if get_settings().BATCH_API_MODE is BatchApiMode.NIGHTLY:
        return []
    # Since they were weighed the sweep may have planned them, and their job given some back.
    waiting = list(_waiting(batch_key).values_list("pk", flat=True))
    if set(waiting) != found.bundles:
        found = weighed(waiting)
    return plan_weighed(found, timezone.now())


def _waiting(batch_key: str) -> QuerySet[Bundle]:
    waiting = Bundle.objects.filter(batch_key=batch_key, route=Bundle.Route.JOB, job__isnull=True)
    return waiting.order_by("created_at", "pk")


def forgo(batch_key: str) -> None:
    """Nothing more comes of this batch: its places are free again."""
    BatchAccount.objects.filter(pk=batch_key, expected__gt=0).update(expected=0)
