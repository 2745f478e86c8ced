"""Bundles: which comparisons go into one provider call."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from llmprovider.contracts import QueueMode


class Bundle(models.Model):
    """Comparisons planned for one call: same provider, model, overrides, instructions and mode.

    A bundle is never refilled. What must be asked again goes into a new bundle.
    """

    class Route(models.TextChoices):
        LIVE = "live"
        JOB = "job"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    batch_key = models.CharField(max_length=100, db_index=True)
    queue_mode = models.CharField(
        max_length=20, choices=[(mode.value, mode.value) for mode in QueueMode]
    )
    provider = models.CharField(max_length=60)
    model = models.CharField(max_length=120)
    overrides = models.JSONField(default=dict)
    instructions = models.ForeignKey(
        "llmprovider.InstructionSet", on_delete=models.PROTECT, related_name="+"
    )
    on_results = models.CharField(max_length=200)
    route = models.CharField(
        max_length=4,
        choices=Route.choices,
        default=Route.LIVE,
        help_text="Live: a worker calls the provider. Job: a request of a provider's batch job.",
    )
    job = models.ForeignKey(
        "llmprovider.BatchJob",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="bundles",
        help_text="Empty on the way by job: it waits for the next one.",
    )
    priority = models.PositiveSmallIntegerField(default=5, help_text="0 first.")
    not_before = models.DateTimeField(
        default=timezone.now, help_text="Not worked before then: a retry, or no room at its judge."
    )
    announced_at = models.DateTimeField(
        help_text="When a message last said, or will say, that this bundle is ready."
    )
    waiting = models.BooleanField(
        default=True,
        help_text="Whether it seems to hold queued items for a worker: finds work quickly; the "
        "items decide. Never on the way by job.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["batch_key", "created_at"]),
            models.Index(
                fields=["batch_key", "provider", "model", "priority", "not_before"],
                name="bundle_waiting_of_batch",
                condition=Q(waiting=True),
            ),
            models.Index(
                fields=["not_before"], name="bundle_waiting_until", condition=Q(waiting=True)
            ),
            models.Index(
                fields=["created_at"],
                name="bundle_without_job",
                condition=Q(route="job", job__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    def followed_by(self, *, not_before: datetime, announced_at: datetime, **other) -> "Bundle":
        """Store an empty bundle for the same judge, instructions and receiver, due at that time.

        `other`: what else differs from a bundle that waits for a worker, by field.
        """
        return Bundle.objects.create(
            batch_key=self.batch_key,
            queue_mode=self.queue_mode,
            provider=self.provider,
            model=self.model,
            overrides=self.overrides,
            instructions_id=self.instructions_id,
            on_results=self.on_results,
            priority=self.priority,
            not_before=not_before,
            announced_at=announced_at,
            **other,
        )
