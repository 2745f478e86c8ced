"""The requests of a job: built from the rows, a few at a time, always the same."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from llmprovider.calls.requests import prompt_for, request_for, size_of_read
from llmprovider.models import BatchJob, Bundle, InstructionSet, ProviderCall, QueueItem
from llmprovider.prompting.prompts import Prompt
from llmprovider.providers.base import ProviderRequest
from llmprovider.providers.batches.base import BatchProvider
from llmprovider.providers.registry import batch_provider_for

# Bundles whose texts are in memory at a time.
CHUNK = 200


@dataclass(frozen=True)
class JobRequest:
    """One request of a job. `call` is its row's key; `custom_id` its name at the provider."""

    call: UUID
    custom_id: str
    request: ProviderRequest
    prompt_sha256: str


def vendor_of(job: BatchJob) -> BatchProvider:
    """The batch API of the job's provider."""
    return vendor_for(job.provider)


def vendor_for(provider: str) -> BatchProvider:
    return batch_provider_for(provider, _by_name)


def _by_name(marker: str) -> Iterator[tuple[str, ProviderRequest]]:
    for one in requests_of(marker):
        yield one.custom_id, one.request


def requests_of(job_id: object) -> Iterator[JobRequest]:
    """The requests of a job that have no outcome yet, in the order of its file."""
    calls = ProviderCall.objects.filter(job_id=job_id, finished_at__isnull=True)
    instructions: dict[str, InstructionSet] = {}
    after = None
    while True:
        waiting = calls.filter(bundle_id__gt=after) if after else calls
        chunk = list(
            waiting.order_by("bundle_id").values_list("pk", "bundle_id", "custom_id")[:CHUNK]
        )
        if not chunk:
            return
        after = chunk[-1][1]
        bundles = bundles_with_items([bundle_id for _, bundle_id, _ in chunk], instructions)
        for call, bundle_id, custom_id in chunk:
            bundle, items = bundles[bundle_id]
            if items:
                yield _request(call, custom_id, bundle, items)


def bundles_with_items(
    bundle_ids: Iterable[UUID],
    instructions: dict[str, InstructionSet],
    statuses: Iterable[str] = (QueueItem.Status.SUBMITTED,),
) -> dict[UUID, tuple[Bundle, list[QueueItem]]]:
    """Each bundle with its items in these states, texts included, by its key.

    `instructions`: read before, by hash; those that come to be known are added.
    """
    found = {bundle.pk: bundle for bundle in Bundle.objects.filter(pk__in=list(bundle_ids))}
    give_instructions(found.values(), instructions)
    items: dict[UUID, list[QueueItem]] = {pk: [] for pk in found}
    rows = QueueItem.objects.filter(bundle__in=list(found), status__in=list(statuses))
    for item in rows.select_related("first", "second").order_by("bundle_index"):
        items[item.bundle_id].append(item)
    return {pk: (bundle, items[pk]) for pk, bundle in found.items()}


def give_instructions(bundles: Iterable[Bundle], instructions: dict[str, InstructionSet]) -> None:
    """Set the instructions of each bundle; many bundles share few."""
    bundles = list(bundles)
    unknown = {bundle.instructions_id for bundle in bundles} - instructions.keys()
    instructions |= InstructionSet.objects.in_bulk(list(unknown))
    for bundle in bundles:
        bundle.instructions = instructions[bundle.instructions_id]


def _request(call: UUID, custom_id: str, bundle: Bundle, items: list[QueueItem]) -> JobRequest:
    prompt = prompt_for(bundle, items)
    return JobRequest(call, custom_id, provider_request(bundle, items, prompt), prompt.sha256)


def provider_request(bundle: Bundle, items: list[QueueItem], prompt: Prompt) -> ProviderRequest:
    """What the provider gets for these items of the bundle."""
    return request_for(bundle, items, prompt, size_of_read(bundle, items))
