"""The jobs that a run gave to providers' batch services, in plain words."""

from datetime import datetime
from typing import Any

from assessment.reports.figures import MISSING, count, money
from assessment.reports.schema import RunDocument

STATES = {
    "planned": "not sent yet",
    "preparing": "being sent",
    "submitting": "being sent",
    "submitted": "with the provider",
    "collecting": "being collected",
    "collected": "done",
    "lost": "never arrived; sent again",
    "failed": "refused by the provider",
    "cancelled": "cancelled",
}


def job_rows(document: RunDocument) -> list[dict[str, Any]]:
    """One row per job, in the order in which they were planned; empty in the live modes."""
    return [
        {
            "judge": f"{job['provider']} / {job['model']}",
            "state": STATES.get(job["status"], job["status"]),
            "requests": count(job["requests"]),
            "comparisons": count(job["comparisons"]),
            "answered": count(job["counts"]["succeeded"]),
            "took": duration(job["submitted_at"], job["ended_at"]),
            "cost": money(job["cost_usd"]),
            "vendor_id": job["vendor_id"] or MISSING,
        }
        for job in document.get("jobs", [])
    ]


def duration(begun: str | None, ended: str | None) -> str:
    """From one ISO 8601 time to a later one in words, or a dash."""
    if begun is None or ended is None:
        return MISSING
    seconds = (datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds()
    minutes = round(max(seconds, 0.0) / 60)
    if minutes < 1:
        return "under a minute"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
