"""Bundles: which comparisons go into one provider call."""

import uuid

from django.db import models

from llmprovider.contracts import QueueMode


class Bundle(models.Model):
    """Comparisons planned for one call: same provider, model, overrides, instructions and mode.

    A bundle is never refilled. What must be asked again goes into a new bundle.
    """

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
    not_before = models.DateTimeField(null=True, blank=True, help_text="A retry waits until then.")
    announced_at = models.DateTimeField(
        help_text="When a message last said that this bundle is ready."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["batch_key", "created_at"])]

    def __str__(self) -> str:
        return str(self.id)
