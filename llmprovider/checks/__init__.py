"""Checks of the judge service's own rows; see docs/doctor.md."""

from llmprovider.checks import calls, costs, gates, jobs, queue_items

CHECKS = (
    *queue_items.CHECKS,
    *calls.CHECKS,
    *costs.CHECKS,
    *jobs.CHECKS,
    *gates.CHECKS,
)
