"""Taking comparisons in: texts stored once, bundles planned at once, one row per comparison."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from llmprovider.call_plans import MeasuredText, measured, mode_of, plan_calls, sha256_of
from llmprovider.conf import get_settings
from llmprovider.contracts import ComparisonRequest, Instructions
from llmprovider.models import Bundle, InstructionSet, QueueItem, StoredDocument


class QueueFull(Exception):
    """The queue holds as many unfinished comparisons as it may; ask again later."""


def enqueue(requests: Sequence[ComparisonRequest]) -> list[Bundle]:
    """Store `requests` (one batch_key) as queue items in planned bundles.

    Runs in the caller's transaction and sends nothing; announce the bundles on commit.
    Raises QueueFull, with nothing stored.
    """
    settings = get_settings()
    waiting = QueueItem.objects.filter(status__in=QueueItem.OPEN).count()
    if waiting + len(requests) > settings.QUEUE_CAPACITY:
        raise QueueFull(
            f"{waiting} comparisons are unfinished; {len(requests)} more would exceed "
            f"LLM_PROVIDER_SERVICE_QUEUE_CAPACITY={settings.QUEUE_CAPACITY}"
        )
    now = timezone.now()
    texts = measured(requests)
    _store_documents(texts)
    instruction_shas = _store_instructions(requests)
    ttl = timedelta(seconds=settings.QUEUED_TTL_SECONDS)
    bundles, items = [], []
    plan = plan_calls(requests, texts)
    # In the order in which they should be worked; bundles of one priority stay as planned.
    plan.sort(key=lambda members: min(requests[member].priority for member in members))
    for members in plan:
        lead = requests[members[0]]
        bundle = Bundle(
            batch_key=lead.batch_key,
            queue_mode=mode_of(lead),
            provider=lead.overrides.provider,
            model=lead.overrides.model,
            overrides=lead.overrides.model_dump(mode="json"),
            instructions_id=instruction_shas[lead.instructions],
            on_results=lead.on_results,
            announced_at=now,
        )
        bundles.append(bundle)
        for index, member in enumerate(members):
            request = requests[member]
            items.append(
                QueueItem(
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
                    money_cap=request.money_cap,
                    priority=request.priority,
                    occasion=request.occasion,
                    metadata=request.metadata,
                    enqueued_at=now,
                    expires_at=request.expires_at or now + ttl,
                )
            )
    Bundle.objects.bulk_create(bundles)
    QueueItem.objects.bulk_create(items, batch_size=500)
    return bundles


def _store_documents(texts: dict[str, MeasuredText]) -> None:
    # Sorted, so that two transactions storing the same texts cannot lock each other out.
    StoredDocument.objects.bulk_create(
        [
            StoredDocument(sha256=known.sha256, text=text, tokens=known.tokens)
            for text, known in sorted(texts.items(), key=lambda entry: entry[1].sha256)
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
