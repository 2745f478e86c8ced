"""Comparisons asked for over HTTP, without a batch: who asked for what, under which key."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class ComparisonSet(models.Model):
    """One accepted request. Its comparisons are queue items under `batch_key`.

    How far it is and what came of it stand in the queue items alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    idempotency_key = models.CharField(
        max_length=200, blank=True, help_text="The caller's, once per user; empty: none given."
    )
    request_sha256 = models.CharField(
        max_length=64, help_text="Of the request's body: tells a repeat from another request."
    )
    provider = models.CharField(max_length=60)
    model = models.CharField(max_length=120)
    comparisons = models.JSONField(
        help_text="[[id of first, id of second], ...] as the caller names them, in their order."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["created_by", "idempotency_key"],
                name="comparison_set_once_per_key",
                condition=~Q(idempotency_key=""),
            )
        ]
        indexes = [models.Index(fields=["created_by", "-created_at"])]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def batch_key(self) -> str:
        """Its name in the queue."""
        return f"api:{self.pk}"

    def correlation_id(self, position: int) -> uuid.UUID:
        """The name of its comparison number `position`, from 0: found again without a table."""
        return uuid.uuid5(self.pk, str(position))
