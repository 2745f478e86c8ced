"""Taking comparisons in: texts stored once, bundles planned at once, one row per comparison."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from llmprovider.conf import BatchApiMode, get_settings
from llmprovider.contracts import ComparisonRequest, Instructions
from llmprovider.costs.call_plans import (
    MeasuredText,
    by_job,
    measured,
    mode_of,
    plan_calls,
    sha256_of,
)
from llmprovider.jobs.planning import plan_jobs
from llmprovider.models import (
    BatchAccount,
    BatchJob,
    Bundle,
    InstructionSet,
    QueueItem,
    StoredDocument,
)
from llmprovider.queueing.expiries import time_to_live
from llmprovider.queueing.turnstiles import one_at_a_time


class QueueFull(Exception):
    """The queue holds as many unfinished comparisons as it may; ask again later."""


@dataclass(frozen=True)
class Enqueued:
    """Where comparisons went: bundles for the workers, and batch jobs to be sent at once.

    Those that wait for the night are in neither.
    """

    bundles: list[Bundle]
    jobs: list[BatchJob]


def enqueue(requests: Sequence[ComparisonRequest]) -> Enqueued:
    """Store `requests` (one batch_key) as queue items in planned bundles, and these in batch jobs.

    Runs in the caller's transaction and sends nothing; announce bundles and jobs on commit.
    Raises QueueFull, with nothing stored.
    """
    one_at_a_time()
    check_room(len(requests))
    texts = measured(requests)
    bundles = store_calls(calls_of(requests, texts), texts)
    live = [bundle for bundle in bundles if bundle.route == Bundle.Route.LIVE]
    for_jobs = [bundle.pk for bundle in bundles if bundle.route == Bundle.Route.JOB]
    if get_settings().BATCH_API_MODE is BatchApiMode.NIGHTLY:
        return Enqueued(live, [])
    return Enqueued(live, plan_jobs(for_jobs, timezone.now()))


def check_room(count: int) -> None:
    """Raise QueueFull unless `count` more comparisons fit; see `one_at_a_time`.

    Those that other batches are still to hand in have their places already.
    """
    capacity = get_settings().QUEUE_CAPACITY
    waiting = QueueItem.objects.filter(status__in=QueueItem.OPEN).count()
    expected = BatchAccount.objects.aggregate(sum=Sum("expected", default=0))["sum"]
    if waiting + expected + count > capacity:
        raise QueueFull(
            f"{waiting + expected} comparisons are unfinished; {count} more would exceed "
            f"LLM_PROVIDER_SERVICE_QUEUE_CAPACITY={capacity}"
        )


def calls_of(
    requests: Sequence[ComparisonRequest], texts: dict[str, MeasuredText]
) -> list[list[ComparisonRequest]]:
    """`requests` by call, in the order in which they should be worked.

    Calls of one priority stay as planned.
    """
    plan = plan_calls(requests, texts)
    calls = [[requests[member] for member in members] for members in plan]
    calls.sort(key=lambda call: min(request.priority for request in call))
    return calls


def store_calls(
    calls: Sequence[Sequence[ComparisonRequest]], texts: dict[str, MeasuredText]
) -> list[Bundle]:
    """Store planned calls as bundles of queue items, with all that they refer to.

    `texts`: at least theirs.
    """
    now = timezone.now()
    requests = [request for call in calls for request in call]
    _open_accounts(requests)
    _store_documents(requests, texts)
    instruction_shas = _store_instructions(requests)
    bundles = [_bundle(call, instruction_shas, now) for call in calls]
    Bundle.objects.bulk_create(bundles, batch_size=500)
    QueueItem.objects.bulk_create(
        [
            _item(request, bundle, index, texts, now)
            for bundle, call in zip(bundles, calls, strict=True)
            for index, request in enumerate(call)
        ],
        batch_size=500,
    )
    return bundles


def _bundle(
    call: Sequence[ComparisonRequest], instruction_shas: dict[Instructions, str], now: datetime
) -> Bundle:
    lead = call[0]
    return Bundle(
        batch_key=lead.batch_key,
        queue_mode=mode_of(lead),
        provider=lead.overrides.provider,
        model=lead.overrides.model,
        overrides=lead.overrides.model_dump(mode="json"),
        instructions_id=instruction_shas[lead.instructions],
        on_results=lead.on_results,
        route=Bundle.Route.JOB if by_job(lead) else Bundle.Route.LIVE,
        waiting=not by_job(lead),
        priority=min(request.priority for request in call),
        not_before=now,
        announced_at=now,
    )


def _item(
    request: ComparisonRequest,
    bundle: Bundle,
    index: int,
    texts: dict[str, MeasuredText],
    now: datetime,
) -> QueueItem:
    return QueueItem(
        correlation_id=request.correlation_id,
        bundle=bundle,
        bundle_index=index,
        first_id=texts[request.first.text].sha256,
        second_id=texts[request.second.text].sha256,
        queue_mode=bundle.queue_mode,
        provider=bundle.provider,
        model=bundle.model,
        bundle_group=request.bundle_group or "",
        batch_key=request.batch_key,
        priority=request.priority,
        occasion=request.occasion,
        metadata=request.metadata,
        enqueued_at=now,
        expires_at=request.expires_at or now + time_to_live(bundle.route),
    )


def _open_accounts(requests: Sequence[ComparisonRequest]) -> None:
    """An account for each batch; the cap said last holds for all that the batch spends."""
    caps: dict[str, Decimal | None] = {}
    for request in requests:
        given = [cap for cap in (caps.get(request.batch_key), request.money_cap) if cap is not None]
        caps[request.batch_key] = min(given, default=None)
    for batch_key, cap in sorted(caps.items()):
        account, created = BatchAccount.objects.get_or_create(
            batch_key=batch_key, defaults={"money_cap": cap}
        )
        if not created and cap is not None and account.money_cap != cap:
            BatchAccount.objects.filter(pk=batch_key).update(money_cap=cap)


def _store_documents(requests: Sequence[ComparisonRequest], texts: dict[str, MeasuredText]) -> None:
    used = {document.text for request in requests for document in (request.first, request.second)}
    # Sorted, so that two transactions storing the same texts cannot lock each other out.
    StoredDocument.objects.bulk_create(
        [
            StoredDocument(sha256=texts[text].sha256, text=text, tokens=texts[text].tokens)
            for text in sorted(used, key=lambda text: texts[text].sha256)
        ],
        ignore_conflicts=True,
        batch_size=200,
    )


def _store_instructions(requests: Sequence[ComparisonRequest]) -> dict[Instructions, str]:
    shas: dict[Instructions, str] = {}
    for request in requests:
        texts = request.instructions
        if texts not in shas:
            shas[texts] = sha256_of(texts.system_prompt, texts.task, texts.rubric)
    InstructionSet.objects.bulk_create(
        [
            InstructionSet(
                sha256=sha, system_prompt=texts.system_prompt, task=texts.task, rubric=texts.rubric
            )
            for texts, sha in sorted(shas.items(), key=lambda entry: entry[1])
        ],
        ignore_conflicts=True,
    )
    return shas
