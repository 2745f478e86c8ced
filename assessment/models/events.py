"""Outgoing events: what the world is told when a batch ends, stored with the end itself."""

import math
import uuid
from typing import Any

from django.apps import apps
from django.db import models

from assessment.outbox.planning import plan


class OutgoingEvent(models.Model):
    """The one event of an ended batch. It exists if and only if the batch has ended."""

    class Kind(models.TextChoices):
        COMPLETED = "batch.completed"
        FAILED = "batch.failed"
        CANCELLED = "batch.cancelled"

    batch = models.ForeignKey("assessment.Batch", on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    event_id = models.UUIDField(
        unique=True, help_text="The same for one batch and kind, however often it is told."
    )
    document = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["batch"], name="event_once_per_batch"),
            models.UniqueConstraint(fields=["batch", "kind"], name="event_kind_once_per_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of batch {self.batch_id}"

    @classmethod
    def record_end(cls, batch_id: int) -> "OutgoingEvent":
        """Store the event of a batch that has just ended; call it in the transaction of the end.

        Everything told is read from the rows. Raises KeyError where the batch has not ended.
        """
        batch = (
            apps.get_model("assessment", "Batch")
            .objects.select_related("assignment")
            .defer("task", "rubric", "system_prompt", "run_record", "specified_pairs")
            .get(pk=batch_id)
        )
        kind = {
            batch.Status.COMPLETED: cls.Kind.COMPLETED,
            batch.Status.FAILED: cls.Kind.FAILED,
            batch.Status.CANCELLED: cls.Kind.CANCELLED,
        }[batch.status]
        # The request's own id keeps apart batches that have one number in two databases.
        event_id = uuid.uuid5(batch.request_correlation_id, f"{batch.pk}:{kind.value}")
        event = cls.objects.create(
            batch=batch, kind=kind, event_id=event_id, document=_document(batch, kind, event_id)
        )
        plan(event)
        return event


def _document(batch: Any, kind: OutgoingEvent.Kind, event_id: uuid.UUID) -> dict[str, Any]:
    """All of it by id, name and number: no essay text."""
    completed = batch.status == batch.Status.COMPLETED
    return {
        "event_id": str(event_id),
        "kind": kind.value,
        "batch_id": batch.pk,
        "bos_batch_id": batch.bos_batch_id,
        "request_correlation_id": str(batch.request_correlation_id),
        "label": batch.label,
        "assignment": batch.assignment.label,
        "cj_source": batch.cj_source,
        "status": batch.status,
        "stop_reason": batch.stop_reason,
        "failure": batch.failure,
        "mock": batch.mock,
        "llm_batching_mode": batch.llm_batching_mode,
        "total_budget": batch.total_budget,
        "completion_denominator": batch.completion_denominator,
        "submitted": batch.submitted,
        "completed": batch.completed,
        "failed": batch.failed,
        "completed_at": batch.completed_at.isoformat(),
        "warnings": batch.warnings,
        "measurement": _measurement(batch.result) if completed else None,
        "results": _results(batch) if completed else [],
    }


def _measurement(result: dict[str, Any] | None) -> dict[str, Any] | None:
    """How far the scores can be trusted, as a whole."""
    told = (
        "reliability",
        "reliability_low",
        "reliability_high",
        "reliability_reason",
        "components",
        "no_grades_reason",
    )
    return {key: result["measurement"].get(key) for key in told} if result else None


def _results(batch: Any) -> list[dict[str, Any]]:
    """One entry per essay, students and anchors, in the order of their positions."""
    quality = (batch.result or {}).get("essays", [])
    rows = []
    for essay in batch.essays.select_related("projection").defer("text").order_by("position"):
        placed = getattr(essay, "projection", None)
        if placed is None:
            continue
        found = quality[essay.position] if essay.position < len(quality) else {}
        rows.append(
            {
                "essay_id": essay.pk,
                "name": essay.name,
                "role": essay.role,
                "rank": placed.rank,
                "score": _finite(placed.score),
                "se": _finite(placed.se),
                "comparisons": placed.comparisons,
                "wins": placed.wins,
                "grade": placed.grade,
                "grade_probabilities": placed.grade_probabilities,
                "grade_confidence": placed.grade_confidence or None,
                "beyond": placed.beyond or None,
                "component": found.get("component"),
                "review": found.get("review", []),
                "warning_signs": [sign["code"] for sign in essay.warning_signs],
            }
        )
    return rows


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
