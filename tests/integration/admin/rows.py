"""Long tables: rows copied from those of a finished batch."""

import uuid
from itertools import count

from assessment.models import Batch, ComparisonPair, Essay, GradeProjection, OutgoingEvent, Wave
from llmprovider.models import BatchAccount, Bundle, ProviderCall, QueueItem

MODELS = {
    f"{model._meta.app_label}_{model._meta.model_name}": model
    for model in (
        Batch,
        Wave,
        ComparisonPair,
        Essay,
        GradeProjection,
        OutgoingEvent,
        QueueItem,
        Bundle,
        ProviderCall,
        BatchAccount,
    )
}

_numbers = count(1_000)


def fill(model: str, total: int) -> None:
    """Copy the first row of the table until it has `total` rows."""
    table = MODELS[model]
    for _ in range(total - table.objects.count()):
        _copy(table)


def _copy(table: type) -> object:
    row = table.objects.order_by("pk").first()
    number = next(_numbers)
    row.pk = uuid.uuid4() if table in (QueueItem, Bundle, ProviderCall) else None
    row._state.adding = True
    if table is BatchAccount:
        row.pk = f"copy {number}"
    elif table is Wave:
        row.number = number
    elif table is Essay:
        row.position, row.name = number, f"copy {number}"
    elif table is GradeProjection:
        row.essay = _copy(Essay)
    elif table is OutgoingEvent:
        row.batch, row.event_id = _copy(Batch), uuid.uuid4()
    elif table in (ComparisonPair, QueueItem):
        row.repeat, row.correlation_id = number, uuid.uuid4()
    row.save(force_insert=True)
    return row
