"""Comparison pairs: who met whom, in which order, and what the judge said."""

import uuid

from django.db import models
from django.db.models import F, Q


class ComparisonPair(models.Model):
    """One comparison of a batch. A retry is the same row, under a new correlation id."""

    class Status(models.TextChoices):
        PENDING = "pending"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        WITHDRAWN = "withdrawn"  # never sent: the batch ended first

    class RequestType(models.TextChoices):
        COMPARISON = "cj_comparison"
        RETRY = "cj_retry"

    batch = models.ForeignKey("assessment.Batch", on_delete=models.CASCADE, related_name="pairs")
    wave = models.ForeignKey("assessment.Wave", on_delete=models.CASCADE, related_name="pairs")
    essay_a = models.ForeignKey("assessment.Essay", on_delete=models.CASCADE, related_name="+")
    essay_b = models.ForeignKey("assessment.Essay", on_delete=models.CASCADE, related_name="+")
    repeat = models.PositiveSmallIntegerField(
        default=1, help_text="1; more when the same order was asked again."
    )
    block = models.IntegerField(null=True, blank=True, help_text="Block of the wave, if any.")
    judge = models.PositiveSmallIntegerField(help_text="Index into the batch's judges.")
    correlation_id = models.UUIDField(unique=True, default=uuid.uuid4)
    attempts = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.PENDING)
    winner = models.CharField(max_length=7, blank=True)
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    justification = models.TextField(blank=True)
    error = models.JSONField(null=True, blank=True)
    provider = models.CharField(max_length=60)
    model = models.CharField(max_length=120)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, default=0)
    result_metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "essay_a", "essay_b", "repeat"], name="pair_order_once_per_repeat"
            ),
            models.CheckConstraint(name="pair_of_two_essays", condition=~Q(essay_a=F("essay_b"))),
            models.CheckConstraint(
                name="pair_winner_xor_error",
                condition=Q(status__in=["pending", "withdrawn"], winner="", error__isnull=True)
                | Q(status="succeeded", winner__in=["essay_a", "essay_b"], error__isnull=True)
                | Q(status="failed", winner="", error__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["batch", "status"]),
            models.Index(fields=["wave", "status"]),
        ]

    def __str__(self) -> str:
        return f"pair {self.pk}"


class PairAttempt(models.Model):
    """One asking of a pair. Kept for audit, also when its answer came too late to count."""

    class Outcome(models.TextChoices):
        WAITING = "waiting"
        RECORDED = "recorded"
        LATE = "late"

    pair = models.ForeignKey(ComparisonPair, on_delete=models.CASCADE, related_name="history")
    number = models.PositiveSmallIntegerField(help_text="1 upwards.")
    correlation_id = models.UUIDField(unique=True)
    request_type = models.CharField(max_length=13, choices=ComparisonPair.RequestType.choices)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.WAITING)
    result = models.JSONField(null=True, blank=True, help_text="The answer as it came.")
    created_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pair", "number"]
        constraints = [
            models.UniqueConstraint(fields=["pair", "number"], name="attempt_number_once_per_pair")
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of pair {self.pair_id}"
