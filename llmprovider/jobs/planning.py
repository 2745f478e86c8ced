"""Planning: bundles that go by job become as few jobs as the providers' limits allow."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from llmprovider.calls.requests import prompt_for
from llmprovider.conf import get_settings
from llmprovider.jobs.requests import bundles_with_items, provider_request, vendor_for
from llmprovider.jobs.splitting import split
from llmprovider.models import BatchJob, Bundle, InstructionSet, QueueItem, StoredDocument
from llmprovider.providers.batches.base import BatchProvider

# Rows read at a time.
CHUNK = 500

# Bytes around a text and of a comparison's line, both counted generously.
_TEXT_FRAME, _LINE = 130, 40


@dataclass(frozen=True)
class _Kind:
    """What the bundles of one job have in common."""

    provider: str
    model: str
    on_results: str


@dataclass(frozen=True)
class Weighed:
    """Bundles by what they have in common, in order; bytes and comparisons of each."""

    kinds: dict[_Kind, list[UUID]]
    sizes: dict[UUID, int]
    counts: dict[UUID, int]

    @property
    def bundles(self) -> set[UUID]:
        return {pk for members in self.kinds.values() for pk in members}


def plan_jobs(
    bundle_ids: Sequence[UUID], now: datetime, *, parent: BatchJob | None = None
) -> list[BatchJob]:
    """Jobs for bundles that go by job and are in none; stored in the caller's transaction.

    One job per provider, model and task that takes the results home, split only at the provider's
    limits. `parent`: the job whose comparisons these were.
    """
    return plan_weighed(weighed(bundle_ids), now, parent=parent)


def weighed(bundle_ids: Sequence[UUID]) -> Weighed:
    """What planning needs to know of bundles; takes long for many, and only reads."""
    kinds: dict[_Kind, list[UUID]] = {}
    for chunk in _chunks(bundle_ids):
        rows = Bundle.objects.filter(
            pk__in=chunk, route=Bundle.Route.JOB, job__isnull=True
        ).values_list("pk", "provider", "model", "on_results")
        known = {pk: _Kind(*rest) for pk, *rest in rows}
        for pk in chunk:
            if pk in known:
                kinds.setdefault(known[pk], []).append(pk)
    found = Weighed(kinds, {}, {})
    for kind, members in kinds.items():
        sizes, counts = _sizes(members, vendor_for(kind.provider))
        found.sizes.update(sizes)
        found.counts.update(counts)
    return found


def plan_weighed(
    found: Weighed, now: datetime, *, parent: BatchJob | None = None
) -> list[BatchJob]:
    """As `plan_jobs`. The caller knows that no other job has taken any of the bundles."""
    return [job for kind in found.kinds for job in _plan(kind, found, now, parent)]


def _plan(kind: _Kind, found: Weighed, now: datetime, parent: BatchJob | None) -> list[BatchJob]:
    sizes, counts = found.sizes, found.counts
    members = [member for member in found.kinds[kind] if counts.get(member)]
    limits = vendor_for(kind.provider).limits
    parts = split(
        [sizes[member] for member in members],
        most_requests=limits.requests,
        most_bytes=limits.input_bytes,
    )
    deadline = now + timedelta(seconds=get_settings().BATCH_JOB_DEADLINE_SECONDS)
    jobs = []
    for part in parts:
        inside = [members[at] for at in part]
        job = BatchJob.objects.create(
            provider=kind.provider,
            model=kind.model,
            on_results=kind.on_results,
            attempt=parent.attempt + 1 if parent else 1,
            parent=parent,
            requests=len(inside),
            items=sum(counts[member] for member in inside),
            input_bytes=sum(sizes[member] for member in inside),
            planned_at=now,
            next_check_at=now,
            announced_at=now,
            deadline_at=deadline,
        )
        for chunk in _chunks(inside):
            Bundle.objects.filter(pk__in=chunk).update(job=job)
        jobs.append(job)
    return jobs


def _sizes(
    members: Sequence[UUID], vendor: BatchProvider
) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """Bytes of each bundle's request, about, and how many comparisons it holds."""
    texts: dict[str, int] = {}
    frames: dict[tuple[str, str], int] = {}
    sizes: dict[UUID, int] = {}
    counts: dict[UUID, int] = {}
    for chunk in _chunks(members):
        pairs: dict[UUID, list[tuple[str, str]]] = {}
        queued = QueueItem.objects.filter(bundle__in=chunk, status=QueueItem.Status.QUEUED)
        for bundle, first, second in queued.values_list("bundle_id", "first_id", "second_id"):
            pairs.setdefault(bundle, []).append((first, second))
        _measure({sha for many in pairs.values() for pair in many for sha in pair}, texts)
        kinds = Bundle.objects.filter(pk__in=list(pairs)).values_list(
            "pk", "instructions_id", "overrides"
        )
        for pk, instructions, overrides in kinds:
            frame = (instructions, json.dumps(overrides, sort_keys=True))
            inside = _inside(pairs[pk], texts)
            if frame not in frames:
                frames[frame] = max(0, _line_bytes(pk, vendor) - inside)
            sizes[pk], counts[pk] = frames[frame] + inside, len(pairs[pk])
    return sizes, counts


def _inside(pairs: Sequence[tuple[str, str]], texts: dict[str, int]) -> int:
    distinct = {sha for pair in pairs for sha in pair}
    return sum(texts[sha] + _TEXT_FRAME for sha in distinct) + _LINE * len(pairs)


def _measure(shas: Iterable[str], texts: dict[str, int]) -> None:
    """Add the bytes of each text as JSON to `texts`, by its hash."""
    for chunk in _chunks(sorted(set(shas) - texts.keys())):
        documents = StoredDocument.objects.filter(pk__in=chunk).values_list("pk", "text")
        for sha, text in documents.iterator(chunk_size=100):
            texts[sha] = len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace"))


def _line_bytes(bundle_id: UUID, vendor: BatchProvider) -> int:
    """Of one request as the provider gets it: its instructions and all that is around them."""
    known: dict[str, InstructionSet] = {}
    found = bundles_with_items([bundle_id], known, (QueueItem.Status.QUEUED,))
    bundle, items = found[bundle_id]
    return len(
        vendor.line(str(bundle_id), provider_request(bundle, items, prompt_for(bundle, items)))
    )


def _chunks(ids: Sequence) -> Iterable[Sequence]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
