"""State of the judge service: texts, bundles, queue items, provider calls."""

from llmprovider.models.bundles import Bundle
from llmprovider.models.calls import ProviderCall
from llmprovider.models.items import QueueItem
from llmprovider.models.mock_judges import MockJudge
from llmprovider.models.texts import InstructionSet, StoredDocument

__all__ = [
    "Bundle",
    "InstructionSet",
    "MockJudge",
    "ProviderCall",
    "QueueItem",
    "StoredDocument",
]
