"""Rejections: a judge that refuses every request as invalid, so that asking on is of no use."""

from llmprovider.conf import get_settings
from llmprovider.contracts import ErrorType
from llmprovider.models import Gate, ProviderCall
from llmprovider.providers.base import ProviderError


def count_rejection(gate: Gate, error: ProviderError) -> None:
    """Count requests refused as invalid, in a row; the caller saves.

    Another failure begins the row anew, but not a 429: that request was not looked at.
    """
    if error.error_type is ErrorType.INVALID_REQUEST and not error.size:
        gate.rejections += 1
    elif error.error_type is not ErrorType.RATE_LIMIT:
        gate.rejections = 0


def every_call_is_rejected(gate: Gate) -> bool:
    """Whether that is so for as many calls as open a circuit, and no other may yet be answered.

    A refusal comes quickly and an answer slowly: of two batches, one may send what the model does
    not take while the other's calls are still being answered.
    """
    if gate.rejections < get_settings().CIRCUIT_FAILURE_THRESHOLD:
        return False
    under_way = ProviderCall.objects.filter(
        provider=gate.provider,
        model=gate.model,
        job__isnull=True,
        finished_at__isnull=True,
        error_type="",
    )
    return under_way.count() <= 1  # the one being settled
