"""Parcels: what a message says is to be taken home, a bundle's results or a batch job's."""

from typing import Final

from django.db.models import Q

_OF_JOB: Final = "job:"


def parcel_of_job(job_id: object) -> str:
    """The parcel of a job's results."""
    return f"{_OF_JOB}{job_id}"


def items_of(parcel: str) -> Q:
    """The queue items of a parcel: a bundle's id, or "job:" and a job's."""
    if parcel.startswith(_OF_JOB):
        return Q(bundle__job=parcel.removeprefix(_OF_JOB))
    return Q(bundle=parcel)
