"""Deliveries: one event on its way to one target."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class EventDelivery(models.Model):
    """Tells all by itself how to go on: what died with its sender is due again after the lease."""

    class Status(models.TextChoices):
        PENDING = "PENDING"
        DELIVERED = "DELIVERED"
        GIVEN_UP = "GIVEN_UP", "Given up"

    event = models.ForeignKey(
        "assessment.OutgoingEvent", on_delete=models.CASCADE, related_name="deliveries"
    )
    target = models.CharField(max_length=500, help_text="URL.")
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveIntegerField(default=0, help_text="Ever.")
    failures = models.PositiveIntegerField(default=0, help_text="Since it was last asked for.")
    refusals = models.PositiveIntegerField(
        default=0, help_text="Of these, answers that no waiting changes."
    )
    asked_at = models.DateTimeField(
        default=timezone.now, help_text="When the batch ended, or someone chose to send it again."
    )
    next_attempt_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(
        null=True, blank=True, help_text="It is being sent; past this time its sender is dead."
    )
    last_status = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="HTTP status of the last answer; empty if there was none."
    )
    last_problem = models.CharField(max_length=30, blank=True, help_text="Why there was none.")
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "event deliveries"
        indexes = [models.Index(fields=["status", "next_attempt_at"])]
        constraints = [
            models.UniqueConstraint(fields=["event", "target"], name="delivery_once_per_target"),
            models.CheckConstraint(
                name="delivered_with_time",
                condition=~Q(status="DELIVERED") | Q(delivered_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"
