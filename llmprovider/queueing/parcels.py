"""Parcels: what a message says is to be taken home, a bundle's results or a batch job's."""

from typing import Final

from django.db.models import Q

_OF_JOB: Final = "job:"


def parcel_of_job(job_id: object) -> str:
    """The parcel of a job's results."""
    return f"{_OF_JOB}{job_id}"


def job_in(parcel: str) -> str | None:
    """The id of the job whose results it is; None for a bundle's."""
    return parcel.removeprefix(_OF_JOB) if parcel.startswith(_OF_JOB) else None


def items_of(parcel: str) -> Q:
    """The queue items of a parcel: a bundle's id, or "job:" and a job's."""
    job_id = job_in(parcel)
    return Q(bundle__job=job_id) if job_id is not None else Q(bundle=parcel)
