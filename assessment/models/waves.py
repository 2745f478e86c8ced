"""Waves: comparisons chosen together, judged together, then weighed."""

from django.db import models


class Wave(models.Model):
    """One wave. A retry of its failed comparisons is a further round of it, not a new wave."""

    class Kind(models.TextChoices):
        COVERAGE = "coverage"
        RESAMPLING = "resampling"
        SPECIFIED = "specified"

    batch = models.ForeignKey("assessment.Batch", on_delete=models.CASCADE, related_name="waves")
    number = models.PositiveIntegerField(help_text="1 upwards.")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    size = models.PositiveIntegerField(help_text="Comparisons in the wave, as far as stored.")
    planned = models.JSONField(
        default=list,
        blank=True,
        help_text="While a large wave is launched, all its pairs: positions of the two essays, "
        "block, judge, repeat.",
    )
    round = models.PositiveSmallIntegerField(
        default=1, help_text="1; each retry of failed comparisons adds one."
    )
    launched_round = models.PositiveSmallIntegerField(
        default=0, help_text="Rounds that are in the queue as a whole; others are not weighed."
    )
    finished_round = models.PositiveSmallIntegerField(
        default=0, help_text="Rounds that have been weighed."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    decision = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=600, blank=True)
    max_score_change = models.FloatField(null=True, blank=True, help_text="In SDs of the scores.")
    reliability = models.FloatField(
        null=True, blank=True, help_text="Empty while not shown to differ from chance."
    )
    sigma = models.FloatField(null=True, blank=True, help_text="Estimated SD of the scores.")
    successes = models.PositiveIntegerField(
        default=0, help_text="Successful comparisons of the batch when it was weighed."
    )
    scores = models.JSONField(default=list, blank=True, help_text="By essay position; logits.")

    class Meta:
        ordering = ["batch", "number"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="wave_number_once_per_batch"),
            models.CheckConstraint(
                name="wave_rounds_in_order",
                condition=models.Q(
                    round__gte=1,
                    launched_round__lte=models.F("round"),
                    finished_round__lte=models.F("round"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"wave {self.number} of batch {self.batch_id}"

    @property
    def launched(self) -> bool:
        """Whether all of the current round is in the queue."""
        return self.launched_round >= self.round
