"""Queue items: one row per comparison asked for, from arrival to delivery."""

import uuid

from django.db import models
from django.db.models import Q

from llmprovider.contracts import QueueMode


class QueueItem(models.Model):
    """One comparison in the queue, and its outcome.

    QUEUED -> PROCESSING (leased to one call) -> COMPLETED | FAILED, or back to QUEUED in a new
    bundle; QUEUED -> EXPIRED past its time to live; QUEUED -> CANCELLED when withdrawn.
    SUBMITTED: inside a provider's batch job, which owns it.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        PROCESSING = "processing"
        SUBMITTED = "submitted"
        COMPLETED = "completed"
        FAILED = "failed"
        EXPIRED = "expired"
        CANCELLED = "cancelled"

    OPEN = (Status.QUEUED, Status.PROCESSING, Status.SUBMITTED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    correlation_id = models.UUIDField(unique=True, help_text="The caller's name for it.")
    bundle = models.ForeignKey("llmprovider.Bundle", on_delete=models.PROTECT, related_name="items")
    bundle_index = models.PositiveSmallIntegerField()
    first = models.ForeignKey(
        "llmprovider.StoredDocument", on_delete=models.PROTECT, related_name="+"
    )
    second = models.ForeignKey(
        "llmprovider.StoredDocument", on_delete=models.PROTECT, related_name="+"
    )
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.QUEUED)
    queue_mode = models.CharField(
        max_length=20, choices=[(mode.value, mode.value) for mode in QueueMode]
    )
    provider = models.CharField(max_length=60)
    model = models.CharField(max_length=120)
    bundle_group = models.CharField(max_length=100, blank=True)
    batch_key = models.CharField(max_length=100)
    priority = models.PositiveSmallIntegerField(default=5)
    occasion = models.CharField(max_length=40, default="1")
    metadata = models.JSONField(default=dict, help_text="The caller's, echoed verbatim.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Provider calls answered.")
    claims = models.PositiveSmallIntegerField(default=0, help_text="Times leased to a worker.")
    lease_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    withdrawn = models.BooleanField(
        default=False, help_text="Taken back while a call was under way: not to be asked again."
    )
    enqueued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(
        null=True, blank=True, help_text="When its result was recorded by the caller."
    )

    winner = models.CharField(max_length=7, blank=True)
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    justification = models.TextField(blank=True)
    error = models.JSONField(null=True, blank=True)
    call = models.ForeignKey(
        "llmprovider.ProviderCall",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="items",
    )
    usage = models.JSONField(default=dict, help_text="This item's share of its calls' tokens.")
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, default=0)
    provider_metadata = models.JSONField(default=dict, help_text="Keys the judge service added.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="queue_item_winner_xor_error",
                condition=(
                    Q(status="completed", winner__in=["essay_a", "essay_b"], error__isnull=True)
                    | Q(
                        status__in=["failed", "expired", "cancelled"],
                        winner="",
                        error__isnull=False,
                    )
                    | Q(
                        status__in=["queued", "processing", "submitted"],
                        winner="",
                        error__isnull=True,
                    )
                ),
            ),
            models.CheckConstraint(
                name="queue_item_confidence_1_to_5",
                condition=Q(confidence__isnull=True) | Q(confidence__range=(1, 5)),
            ),
            models.CheckConstraint(
                name="queue_item_lease_while_processing",
                condition=Q(status="processing", lease_expires_at__isnull=False)
                | (~Q(status="processing") & Q(lease_expires_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["status", "expires_at"]),
            models.Index(fields=["status", "lease_expires_at"]),
            models.Index(fields=["batch_key", "status"]),
            models.Index(
                fields=["finished_at"],
                name="queue_item_undelivered",
                condition=Q(delivered_at__isnull=True, finished_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.correlation_id)
