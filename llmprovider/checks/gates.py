"""Gates: what was granted to a call is given back."""

from datetime import datetime

from django.db.models import QuerySet

from llmprovider.checks.patience import lease, settled
from llmprovider.contracts.findings import Check
from llmprovider.models import Grant


def forgotten_grants(now: datetime) -> QuerySet:
    lost = Grant.objects.filter(finished_at__isnull=True, granted_at__lt=settled(now) - lease())
    return lost.order_by("pk").values_list("pk", flat=True)


CHECKS = (
    Check(
        code="grant_forgotten",
        of="grant",
        what="never given back: their workers were lost",
        remedy="nothing: they have counted against no limit since their lease ended, and the next "
        "call of their judge deletes them",
        find=forgotten_grants,
        notice=True,
    ),
)
