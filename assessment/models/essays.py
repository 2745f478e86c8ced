"""Essays of a batch, students' and anchors', and where the judging put them."""

from django.db import models
from django.db.models import Q


class Essay(models.Model):
    """One text in one batch. The same text in another batch is another row."""

    class Role(models.TextChoices):
        STUDENT = "student"
        ANCHOR = "anchor"

    batch = models.ForeignKey("assessment.Batch", on_delete=models.CASCADE, related_name="essays")
    position = models.PositiveIntegerField(help_text="0 upwards; the pair generator's index.")
    name = models.CharField(max_length=200, help_text="File name or the caller's id.")
    role = models.CharField(max_length=8, choices=Role.choices)
    anchor = models.ForeignKey(
        "assessment.Anchor", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    known_grade = models.CharField(
        max_length=40, blank=True, help_text="An anchor's grade; a student's, to check against."
    )
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    words = models.PositiveIntegerField()
    warning_signs = models.JSONField(
        default=list,
        blank=True,
        help_text="Why a person should read it: [{code, words, count}], never the text itself.",
    )

    class Meta:
        ordering = ["batch", "position"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "name"], name="essay_name_once_per_batch"),
            models.UniqueConstraint(
                fields=["batch", "position"], name="essay_position_once_per_batch"
            ),
            models.CheckConstraint(
                name="essay_anchor_has_known_grade",
                condition=Q(role="student") | (Q(role="anchor") & ~Q(known_grade="")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_anchor(self) -> bool:
        return self.role == self.Role.ANCHOR


class GradeProjection(models.Model):
    """Score and grade of one essay at the end of its batch."""

    class Confidence(models.TextChoices):
        HIGH = "HIGH"
        MID = "MID"
        LOW = "LOW"

    class Beyond(models.TextChoices):
        BELOW_LOWEST = "below_lowest"
        ABOVE_HIGHEST = "above_highest"

    essay = models.OneToOneField(Essay, on_delete=models.CASCADE, related_name="projection")
    score = models.FloatField(help_text="Logits; the batch's mean is 0.")
    se = models.FloatField(help_text="Standard error of the score, logits.")
    comparisons = models.PositiveIntegerField(help_text="Successful comparisons of the essay.")
    wins = models.PositiveIntegerField()
    rank = models.PositiveIntegerField(
        null=True, blank=True, help_text="Among students, 1 best; anchors have none."
    )
    grade = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001 - null: no grade
    grade_probabilities = models.JSONField(null=True, blank=True)
    grade_confidence = models.CharField(max_length=4, choices=Confidence.choices, blank=True)
    beyond = models.CharField(max_length=13, choices=Beyond.choices, blank=True)

    class Meta:
        ordering = ["-score"]

    def __str__(self) -> str:
        return f"projection of essay {self.essay_id}"
