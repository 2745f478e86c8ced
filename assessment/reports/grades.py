"""What grades cannot say in this run, and why, in plain words."""

from collections.abc import Mapping, Sequence

from assessment.reports.figures import plural
from assessment.reports.schema import RunDocument

Shares = Mapping[str, float | None]


def no_grades_words(document: RunDocument) -> str:
    """Why some or all students have no grade; empty where each has one."""
    students = [result for result in document["results"] if result["role"] == "student"]
    without = sum(not result["grade"] for result in students)
    if not without:
        return ""
    reason = document["measurement"].get("no_grades_reason")
    if not reason:
        anchors = any(result["role"] == "anchor" for result in document["results"])
        reason = (
            "the anchors cannot carry any"
            if anchors
            else "there are no anchors (essays whose grade is known)"
        )
    if without == len(students):
        return f"No grades are given: {reason}."
    return f"{plural(without, 'student has', 'students have')} no grade: {reason}."


def unheld_words(labels: Sequence[str], shares: Sequence[Shares | None]) -> str:
    """Which grades no anchor reaches, and what the outermost ones therefore mean.

    `labels` from the lowest grade up, `shares` the grade probabilities of all essays. Empty where
    anchors hold both ends of the scale, or there are no probabilities.
    """
    held = [
        place
        for place, label in enumerate(labels)
        if any(found and found.get(label) is not None for found in shares)
    ]
    if not held:
        return ""
    lowest, highest = held[0], held[-1]
    told = []
    if lowest > 0:
        told.append(f"{labels[lowest]} means {labels[lowest]} or lower")
    if highest < len(labels) - 1:
        told.append(f"{labels[highest]} means {labels[highest]} or higher")
    if not told:
        return ""
    beyond = ", ".join([*labels[:lowest], *labels[highest + 1 :]])
    return f"No anchor reaches {beyond}, so no chances are given there: {', '.join(told)}."
