"""The admin of the assessment; importing the modules registers their pages."""

from assessment.admin import assignments, batches, comparisons, essays, events

__all__ = ["assignments", "batches", "comparisons", "essays", "events"]
