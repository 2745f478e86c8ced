"""Provider calls: each is answered or given up, and what is paid for is of use."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from llmprovider.checks.patience import lease, settled
from llmprovider.checks.repairs import clean_up_queue
from llmprovider.contracts.findings import Check
from llmprovider.models import ProviderCall, QueueItem


def _in_batch(key: str) -> Q:
    return Q(batch_key=key)


def silent_calls(now: datetime) -> QuerySet:
    silent = ProviderCall.objects.filter(
        finished_at__isnull=True,
        error_type="",
        job__isnull=True,
        started_at__lt=settled(now) - lease(),
    )
    return silent.order_by("started_at").values_list("pk", flat=True)


def answered_in_vain(now: datetime) -> QuerySet:
    """Another call, or the end of its batch, was faster."""
    answered = ProviderCall.objects.filter(
        ~Exists(QueueItem.objects.filter(call=OuterRef("pk"))),
        finished_at__isnull=False,
        error_type="",
    )
    return answered.order_by("started_at").values_list("pk", flat=True)


CHECKS = (
    Check(
        code="call_silent",
        of="provider call",
        what="under way for longer than a lease lasts",
        remedy="notes that no answer will come; what they may cost stays reserved",
        find=silent_calls,
        in_batch=_in_batch,
        repair=clean_up_queue,
    ),
    Check(
        code="call_in_vain",
        of="provider call",
        what="answered and billed, but every comparison had its outcome from elsewhere by then",
        remedy="nothing: after a worker was killed or slow this is how it ends. If it is common, "
        "LLM_PROVIDER_SERVICE_PROCESSING_LEASE_SECONDS is too short",
        find=answered_in_vain,
        in_batch=_in_batch,
        notice=True,
    ),
)
