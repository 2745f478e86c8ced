"""Provider calls: one row per request sent to a provider, whatever became of it."""

import uuid

from django.db import models
from django.db.models import Q


class ProviderCall(models.Model):
    """One request to a provider: written before it is sent, completed when it is answered."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    bundle = models.ForeignKey("llmprovider.Bundle", on_delete=models.PROTECT, related_name="calls")
    job = models.ForeignKey(
        "llmprovider.BatchJob",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="calls",
        help_text="The batch job that it is a request of; empty for a call of its own.",
    )
    custom_id = models.CharField(
        max_length=64, blank=True, help_text="Its name within the job: of a comparison or bundle."
    )
    batch_key = models.CharField(max_length=100)
    provider = models.CharField(max_length=60)
    model = models.CharField(max_length=120)
    resolved_model = models.CharField(max_length=120, blank=True)
    mock = models.BooleanField(default=False)
    items_count = models.PositiveSmallIntegerField("items")
    attempt = models.PositiveSmallIntegerField(help_text="1 for a first attempt at its items.")
    prompt_sha256 = models.CharField(max_length=64, blank=True)
    prefix_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Of the part that the provider is asked to keep."
    )
    grant_id = models.BigIntegerField(
        null=True, blank=True, help_text="What the gate granted this call."
    )
    vendor_request_id = models.CharField(max_length=120, blank=True)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cache_read_tokens = models.PositiveIntegerField(default=0)
    cache_write_tokens = models.PositiveIntegerField(default=0)
    cache_write_1h_tokens = models.PositiveIntegerField(
        default=0, help_text="Those of the cache write tokens that are kept for an hour."
    )
    reasoning_tokens = models.PositiveIntegerField(default=0)
    reserved_usd = models.DecimalField(
        max_digits=14,
        decimal_places=8,
        default=0,
        help_text="Most that it can cost; counts against the money cap while the bill is unknown.",
    )
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, default=0)
    priced = models.BooleanField(
        default=False,
        help_text="Off: not answered, or no price is known; the cost is not 0 but unknown.",
    )
    in_account = models.BooleanField(
        default=False,
        help_text="Its cost no longer changes and is part of the sum of its batch's account.",
    )
    error_type = models.CharField(max_length=30, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    unknown_items = models.PositiveSmallIntegerField(
        default=0, help_text="Answers for item ids that were not asked."
    )
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: never answered, or its worker died."
    )
    latency_ms = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "bundle"], name="call_once_per_job_and_bundle"),
            models.UniqueConstraint(
                fields=["job", "custom_id"],
                name="call_once_per_job_and_name",
                condition=Q(job__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["batch_key", "started_at"]),
            models.Index(fields=["provider", "model", "started_at"]),
            models.Index(fields=["finished_at"]),
            models.Index(
                fields=["prefix_sha256", "started_at"],
                name="call_of_prefix",
                condition=~Q(prefix_sha256=""),
            ),
            models.Index(
                fields=["batch_key"],
                name="call_not_in_account",
                condition=Q(in_account=False),
            ),
            models.Index(
                fields=["started_at"],
                name="call_unfinished",
                condition=Q(finished_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
