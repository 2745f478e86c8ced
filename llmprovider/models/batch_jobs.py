"""Batch jobs: many requests sent to a provider at once, answered within a day."""

import uuid
from datetime import datetime
from typing import Any, Final

from django.db import models
from django.db.models import Q
from django.utils import timezone

from llmprovider import tallies


class BatchJob(models.Model):
    """One job of one provider and model. Its bundles are its requests; see docs/batch_jobs.md.

    PLANNED -> PREPARING (its comparisons are SUBMITTED, its file is written) -> SUBMITTING (the
    provider is being asked: written before) -> SUBMITTED -> COLLECTING (it has ended) -> COLLECTED,
    or FAILED where the job as a whole was refused. LOST: nothing is at the provider, and another
    row took its bundles. CANCELLED: taken back before the provider was asked.
    """

    class Status(models.TextChoices):
        PLANNED = "planned"
        PREPARING = "preparing"
        SUBMITTING = "submitting"
        SUBMITTED = "submitted"
        COLLECTING = "collecting"
        COLLECTED = "collected"
        LOST = "lost"
        FAILED = "failed"
        CANCELLED = "cancelled"

    OPEN = (
        Status.PLANNED,
        Status.PREPARING,
        Status.SUBMITTING,
        Status.SUBMITTED,
        Status.COLLECTING,
    )
    # What no provider can know of yet.
    UNSENT = (Status.PLANNED, Status.PREPARING)
    NEXT: Final = {
        Status.PLANNED: (Status.PREPARING, Status.LOST, Status.CANCELLED),
        Status.PREPARING: (
            Status.SUBMITTING,
            Status.COLLECTING,
            Status.LOST,
            Status.CANCELLED,
        ),
        Status.SUBMITTING: (
            Status.PREPARING,
            Status.SUBMITTED,
            Status.COLLECTING,
            Status.LOST,
        ),
        Status.SUBMITTED: (Status.COLLECTING, Status.FAILED),
        Status.COLLECTING: (Status.SUBMITTING, Status.COLLECTED, Status.FAILED),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.CharField(max_length=60)
    model = models.CharField(max_length=120)
    on_results = models.CharField(max_length=200, help_text="Task that takes its results home.")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PLANNED)
    attempt = models.PositiveSmallIntegerField(
        default=1, help_text="1, or how many jobs its comparisons have been in."
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="follow_ups",
        help_text="The job whose comparisons it takes over.",
    )
    requests = models.PositiveIntegerField(default=0)
    items = models.PositiveIntegerField("comparisons", default=0)
    input_bytes = models.PositiveBigIntegerField(
        default=0, help_text="Of its file: estimated until that is written."
    )
    input_sha256 = models.CharField(max_length=64, blank=True)
    vendor_id = models.CharField(max_length=120, blank=True)
    vendor_status = models.CharField(max_length=60, blank=True)
    unproven = models.BooleanField(
        default=False, help_text="Found by its size and time; its results must show it is ours."
    )
    foreign_ids = models.JSONField(
        default=list, blank=True, help_text="Jobs at the provider that turned out not to be this."
    )
    input_file_id = models.CharField(max_length=120, blank=True)
    output_file_id = models.CharField(max_length=120, blank=True)
    error_file_id = models.CharField(max_length=120, blank=True)
    vendor_counts = models.JSONField(
        default=dict, blank=True, help_text="Requests by outcome, as the provider counts them."
    )
    succeeded = models.PositiveIntegerField(default=0)
    errored = models.PositiveIntegerField(default=0)
    cancelled = models.PositiveIntegerField(default=0)
    expired = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0, help_text="Requests without a result.")
    cost_usd = models.DecimalField(
        max_digits=14,
        decimal_places=8,
        null=True,
        blank=True,
        help_text="Sum of its calls, once all are in.",
    )
    error_type = models.CharField(max_length=30, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    outage = models.BooleanField(default=False, help_text="Every further job would fail alike.")
    refused = models.BooleanField(default=False, help_text="As a whole: nothing of it was judged.")
    given_up = models.BooleanField(
        default=False, help_text="Nobody could read it in time; it may be billed all the same."
    )
    planned_at = models.DateTimeField(default=timezone.now)
    preparing_at = models.DateTimeField(null=True, blank=True)
    submitting_at = models.DateTimeField(null=True, blank=True)
    looking_since = models.DateTimeField(
        null=True, blank=True, help_text="Since when the provider's list is searched for it."
    )
    submitted_at = models.DateTimeField(null=True, blank=True)
    next_check_at = models.DateTimeField(
        default=timezone.now, help_text="When somebody is to look after it next."
    )
    last_check_at = models.DateTimeField(null=True, blank=True)
    checks = models.PositiveIntegerField(default=0, help_text="Looks that were answered.")
    check_failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    deadline_at = models.DateTimeField()
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Seen to have ended.")
    collected_at = models.DateTimeField(
        null=True, blank=True, help_text="When all its results were stored, or it was given up."
    )
    announced_at = models.DateTimeField(
        default=timezone.now, help_text="When a message about it, or its results, was sent last."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "vendor_id"],
                name="batch_job_once_per_vendor_job",
                condition=~Q(vendor_id=""),
            )
        ]
        indexes = [
            models.Index(
                fields=["next_check_at"],
                name="batch_job_due",
                condition=Q(
                    status__in=["planned", "preparing", "submitting", "submitted", "collecting"]
                ),
            ),
            models.Index(fields=["planned_at"]),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def ended(self) -> bool:
        return self.status not in self.OPEN

    def step_to(self, status: str, **changes: Any) -> bool:
        """Change the status, and other fields with it, unless somebody else has meanwhile.

        False where they have: then nothing is changed. Raises ValueError for a step not allowed.
        """
        if status not in self.NEXT.get(self.Status(self.status), ()):
            raise ValueError(f"a batch job does not go from {self.status} to {status}")
        mine = BatchJob.objects.filter(pk=self.pk, status=self.status)
        if not mine.update(status=status, **changes):
            return False
        for name, value in {"status": status, **changes}.items():
            setattr(self, name, value)
        if status == self.Status.SUBMITTED and not self.unproven:
            tallies.job_submitted(self)
        elif self.ended:
            tallies.job_ended(self)
        return True

    def hold(self, until: datetime) -> bool:
        """Take the job on until then; False where somebody else has."""
        free = BatchJob.objects.filter(
            pk=self.pk, status=self.status, next_check_at=self.next_check_at
        )
        if not free.update(next_check_at=until):
            return False
        self.next_check_at = until
        return True
