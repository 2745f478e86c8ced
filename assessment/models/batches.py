"""Batches: one set of essays judged together, from creation to a stated end."""

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from assessment.models.events import OutgoingEvent
from assessment.modes import LLMBatchingMode
from llmprovider.contracts import BatchFill


class IllegalTransition(Exception):
    """The batch is not in a state from which it may go there."""


class Batch(models.Model):
    """One run of comparative judgement. Its rows alone tell how to go on."""

    class Status(models.TextChoices):
        PENDING = "PENDING"
        COMPARING = "COMPARING"
        SCORING = "SCORING"
        COMPLETED = "COMPLETED"
        FAILED = "FAILED"
        CANCELLED = "CANCELLED"

    class StopReason(models.TextChoices):
        STABLE = "stable"
        COVERAGE_COMPLETE = "coverage_complete"
        BUDGET_EXHAUSTED = "budget_exhausted"
        PAIRS_EXHAUSTED = "pairs_exhausted"
        SINGLE_WAVE = "single_wave"
        SINGLE_ITERATION = "single_iteration"
        MAX_ITERATIONS = "max_iterations"
        RELIABILITY_REACHED = "reliability_reached"
        COST_CAP = "cost_cap"
        INSUFFICIENT_ESSAYS = "insufficient_essays"
        LOW_SUCCESS_RATE = "low_success_rate"
        PROVIDER_OUTAGE = "provider_outage"
        FORCED_RECOVERY = "forced_recovery"
        STUCK_TIMEOUT = "stuck_timeout"
        INTERNAL_ERROR = "internal_error"
        CANCELLED = "cancelled"

    ENDED = (Status.COMPLETED, Status.FAILED, Status.CANCELLED)
    # Every legal step; anything else is refused.
    STEPS = {
        Status.PENDING: {Status.COMPARING, Status.SCORING, Status.FAILED, Status.CANCELLED},
        Status.COMPARING: {Status.SCORING, Status.FAILED, Status.CANCELLED},
        Status.SCORING: {Status.COMPLETED, Status.FAILED, Status.CANCELLED},
        Status.COMPLETED: set(),
        Status.FAILED: set(),
        Status.CANCELLED: set(),
    }

    label = models.CharField(max_length=200, blank=True, db_index=True)
    assignment = models.ForeignKey(
        "assessment.Assignment", on_delete=models.PROTECT, related_name="batches"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    bos_batch_id = models.CharField(max_length=100, blank=True, db_index=True)
    cj_source = models.CharField(max_length=40)
    request_correlation_id = models.UUIDField(help_text="Of the API request or command.")
    idempotency_key = models.CharField(
        max_length=200, blank=True, help_text="The caller's, once per user; empty: none given."
    )
    request_sha256 = models.CharField(
        max_length=64,
        blank=True,
        help_text="Of a request with a key: tells a repeat from another request.",
    )

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    stop_reason = models.CharField(max_length=30, choices=StopReason.choices, blank=True)
    failure = models.CharField(max_length=500, blank=True, help_text="What was wrong, in words.")
    warnings = models.JSONField(default=list, blank=True)

    # Frozen at creation, so that editing the assignment cannot alter a run.
    task = models.TextField(blank=True)
    rubric = models.TextField(blank=True)
    system_prompt = models.TextField(blank=True)
    grade_scale = models.JSONField()

    llm_batching_mode = models.CharField(
        max_length=20, choices=[(mode.value, mode.value) for mode in LLMBatchingMode]
    )
    pairing_strategy = models.CharField(max_length=20)
    judges = models.JSONField(help_text="List of {provider, model}.")
    llm_config_overrides = models.JSONField(default=dict, blank=True)
    bundle_size_override = models.PositiveSmallIntegerField(null=True, blank=True)
    batch_fill = models.CharField(
        max_length=7,
        choices=[(fill.value, fill.value) for fill in BatchFill],
        blank=True,
        help_text="What a request of a provider's batch job holds; empty: the service's default.",
    )
    seed = models.BigIntegerField()
    judgements_per_pair = models.PositiveSmallIntegerField(default=1)
    compare_anchors = models.BooleanField(default=True)
    specified_pairs = models.JSONField(
        null=True,
        blank=True,
        help_text="Comparisons that the caller asked for, as essay positions in the order to be "
        "shown; empty: pairs are generated.",
    )
    money_cap = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    reliability_target = models.FloatField(null=True, blank=True)
    mock = models.BooleanField(default=False, help_text="A simulated judge took part.")

    settings_in_force = models.JSONField(
        default=dict, help_text="The settings of both services when the batch was created."
    )
    run_record = models.JSONField(
        null=True, blank=True, help_text="What the command line runner was given; else empty."
    )

    total_budget = models.PositiveIntegerField(help_text="Most comparisons; fixed at creation.")
    completion_denominator = models.PositiveIntegerField(
        help_text="Comparisons at which the batch is complete."
    )
    submitted = models.PositiveIntegerField(default=0)
    completed = models.PositiveIntegerField(default=0, help_text="Comparisons with a winner.")
    failed = models.PositiveIntegerField(default=0, help_text="Comparisons that ended in an error.")

    result = models.JSONField(null=True, blank=True, help_text="The measurement, once finished.")
    created_at = models.DateTimeField(auto_now_add=True)
    last_activity_at = models.DateTimeField(default=timezone.now)
    announced_at = models.DateTimeField(
        null=True, blank=True, help_text="When the monitor last said that the batch should go on."
    )
    woken_at = models.DateTimeField(
        null=True, blank=True, help_text="The first such time since the batch's last activity."
    )
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "batches"
        indexes = [models.Index(fields=["status", "last_activity_at"])]
        constraints = [
            models.CheckConstraint(name="batch_budget_positive", condition=Q(total_budget__gte=1)),
            models.CheckConstraint(
                name="batch_submitted_within_budget",
                condition=Q(submitted__lte=F("total_budget")),
            ),
            models.CheckConstraint(
                name="batch_callbacks_within_submitted",
                condition=Q(completed__gte=0)
                & Q(failed__gte=0)
                & Q(submitted__gte=F("completed") + F("failed")),
            ),
            models.CheckConstraint(
                name="batch_ended_with_time_and_reason",
                condition=(
                    Q(status__in=["COMPLETED", "FAILED", "CANCELLED"], completed_at__isnull=False)
                    & ~Q(stop_reason="")
                )
                | Q(status__in=["PENDING", "COMPARING", "SCORING"], completed_at__isnull=True),
            ),
            models.UniqueConstraint(
                name="batch_once_per_key",
                fields=["created_by", "idempotency_key"],
                condition=~Q(idempotency_key=""),
            ),
            models.UniqueConstraint(
                name="batch_label_once_on_the_command_line",
                fields=["label"],
                condition=Q(created_by__isnull=True) & ~Q(label=""),
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.pk}"

    @property
    def ended(self) -> bool:
        return self.status in self.ENDED

    @property
    def callbacks(self) -> int:
        """Comparisons answered, with a winner or an error."""
        return self.completed + self.failed

    @property
    def pending(self) -> int:
        """Comparisons sent and not yet answered."""
        return self.submitted - self.callbacks

    @property
    def progress(self) -> float:
        """Share of the comparisons at which the batch is complete, 0 to 1."""
        if not self.completion_denominator:
            return 1.0 if self.ended else 0.0
        return min(1.0, self.callbacks / self.completion_denominator)

    def step_to(self, status: str, **changes: object) -> bool:
        """Move to `status` if nobody moved the batch meanwhile (compare-and-set).

        True if this call moved it; the instance is then up to date. False if another did.
        An end is told in the same transaction: its event is stored with it, or neither is.
        """
        current = self.Status(self.status)
        if status not in self.STEPS[current]:
            raise IllegalTransition(f"{current} to {status}")
        with transaction.atomic():
            moved = Batch.objects.filter(pk=self.pk, status=current).update(
                status=status, **changes
            )
            if moved and status in self.ENDED:
                OutgoingEvent.record_end(self.pk)
        if moved:
            self.status = status
            for name, value in changes.items():
                setattr(self, name, value)
        return bool(moved)
