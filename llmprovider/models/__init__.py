"""State of the judge service: texts, bundles, queue items, calls, batch jobs."""

from llmprovider.models.accounts import BatchAccount
from llmprovider.models.batch_jobs import BatchJob
from llmprovider.models.bundles import Bundle
from llmprovider.models.calls import ProviderCall
from llmprovider.models.gates import Gate, Grant
from llmprovider.models.items import QueueItem
from llmprovider.models.mock_judges import MockJudge
from llmprovider.models.standalone import ComparisonSet
from llmprovider.models.texts import InstructionSet, StoredDocument

__all__ = [
    "BatchAccount",
    "BatchJob",
    "Bundle",
    "ComparisonSet",
    "Gate",
    "Grant",
    "InstructionSet",
    "MockJudge",
    "ProviderCall",
    "QueueItem",
    "StoredDocument",
]
