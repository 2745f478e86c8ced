"""What a line of the log calls a batch."""

from collections.abc import Mapping

from assessment.models import Batch


def fields_of(batch: Batch) -> dict[str, object]:
    """On a line about a batch that is at hand."""
    return {
        "batch": batch.pk,
        "mode": batch.llm_batching_mode,
        "request_correlation_id": batch.request_correlation_id,
    }


def names_of(batch_key: str) -> Mapping[str, object]:
    """Beside `batch_key`; empty where no batch has it, as for comparisons asked for over HTTP."""
    if not batch_key.isdecimal():
        return {}
    rows = Batch.objects.order_by().filter(pk=int(batch_key))
    row = rows.values_list("llm_batching_mode", "request_correlation_id").first()
    return {"mode": row[0], "request_correlation_id": row[1]} if row else {}
