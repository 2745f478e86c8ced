"""Gates: what stands between the queue and one model of one provider, shared by all workers."""

from django.db import models


class Gate(models.Model):
    """What is known of one provider and model. Rows come as there is something to know.

    An empty `model` is the provider as a whole: only a refusal is kept there. Words of an error
    are this project's own, never the vendor's, so they hold neither keys nor texts.
    """

    provider = models.CharField(max_length=60)
    model = models.CharField(max_length=120, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="Provider failures in a row.")
    rejections = models.PositiveIntegerField(
        default=0, help_text="Requests refused as invalid in a row."
    )
    opened_at = models.DateTimeField(
        "circuit open since", null=True, blank=True, help_text="When this outage began."
    )
    open_until = models.DateTimeField(
        null=True, blank=True, help_text="From then on one call may try. Empty: circuit closed."
    )
    open_seconds = models.FloatField(default=0.0, help_text="How long the circuit opened last.")
    probe = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="Grant of the call that tries, after an open circuit or a pause.",
    )
    probe_started_at = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Until then the provider asked to be left alone; then one call may try.",
    )
    pauses = models.PositiveIntegerField(default=0, help_text="Such pauses; an answer halves them.")
    full_until = models.DateTimeField(
        null=True, blank=True, help_text="When the next call fits the rate limits, about."
    )
    vendor_limits = models.JSONField(default=dict, help_text="As the last answers stated them.")
    refused_at = models.DateTimeField(
        null=True, blank=True, help_text="When nobody could be served: key, credit, model."
    )
    refusal_type = models.CharField(max_length=30, blank=True)
    refusal_message = models.CharField(max_length=500, blank=True)
    error_type = models.CharField("last error", max_length=30, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "model"], name="gate_provider_model")
        ]

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}" if self.model else self.provider


class Grant(models.Model):
    """A call that was let through: what it may use, and once it is settled what it did use."""

    gate = models.ForeignKey(Gate, on_delete=models.CASCADE, related_name="grants")
    granted_at = models.DateTimeField()
    input_tokens = models.PositiveIntegerField()
    output_tokens = models.PositiveIntegerField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["gate", "granted_at"])]

    def __str__(self) -> str:
        return f"grant {self.pk}"
