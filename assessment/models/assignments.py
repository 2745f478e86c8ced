"""Assignments: what the essays answer, how they are judged, and the anchors that hold the scale."""

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models


class Assignment(models.Model):
    """One task with its rubric and grade scale."""

    class ContextOrigin(models.TextChoices):
        CANONICAL_NATIONAL = "canonical_national", "national exam"
        SCHOOL = "school", "school or board"
        RESEARCH_EXPERIMENT = "research_experiment", "research experiment"

    label = models.CharField(max_length=200)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who alone may use it; empty: everybody.",
    )
    task = models.TextField(blank=True)
    rubric = models.TextField(blank=True)
    system_prompt = models.TextField(blank=True)
    grade_scale = models.JSONField(help_text="Grade labels from lowest to highest.")
    context_origin = models.CharField(
        max_length=30, choices=ContextOrigin.choices, default=ContextOrigin.RESEARCH_EXPERIMENT
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["label"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "label"], name="assignment_label_once_per_owner"
            ),
            models.UniqueConstraint(
                fields=["label"],
                condition=models.Q(owner__isnull=True),
                name="assignment_label_once_for_everybody",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @classmethod
    def find(cls, label: str, user: AbstractBaseUser | None) -> "Assignment | None":
        """The assignment that `user` means by `label`: the user's own, else everybody's."""
        found = cls.objects.filter(label=label)
        own = found.filter(owner=user).first() if user is not None else None
        return own or found.filter(owner__isnull=True).first()


class Anchor(models.Model):
    """An essay of known grade, kept with its assignment."""

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="anchors")
    name = models.CharField(max_length=200)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    grade = models.CharField(max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["assignment", "name"]
        constraints = [
            models.UniqueConstraint(fields=["assignment", "name"], name="anchor_name_once"),
            models.CheckConstraint(name="anchor_has_a_grade", condition=~models.Q(grade="")),
        ]

    def __str__(self) -> str:
        return self.name
