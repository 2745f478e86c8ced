"""OpenAI: a batch as it is shown: its status, counts, files and usage at this moment."""

from typing import Any

from llmprovider.emulator.batch_doors import order_of
from llmprovider.emulator.batch_jobs import Job, Outcome
from llmprovider.emulator.job_faults import JobFault
from llmprovider.emulator.kept_files import KeptFile
from llmprovider.emulator.states import State


def status_of(job: Job, now: float) -> str:
    if job.ended_at is None:
        if job.cancelled_at is not None:
            return "cancelling"
        if now < job.starts_at or job.problems:
            return "validating"
        return "in_progress" if job.finished_at is None else "finalizing"
    if job.problems:
        return "failed"
    if job.cancelled_at is not None:
        return "cancelled"
    return "completed" if job.finished_at is not None else "expired"


def as_json(state: State, job: Job) -> dict[str, Any]:
    now = state.clock.now()
    status, counts = status_of(job, now), job.counts
    ended = {f"{name}_at": None for name in ("completed", "expired", "cancelled", "failed")}
    if job.ended_at is not None:
        ended[f"{status}_at"] = int(job.ended_at)  # type: ignore[assignment]
    failed = sum(counts[outcome] for outcome in Outcome if outcome is not Outcome.SUCCEEDED)
    shown_counts = {
        "total": len(job.lines) if status != "validating" else 0,
        "completed": counts[Outcome.SUCCEEDED],
        "failed": failed,
    }
    return {
        "id": job.id,
        "object": "batch",
        "endpoint": job.endpoint,
        "model": job.model,
        "errors": {"object": "list", "data": job.problems} if status == "failed" else None,
        "input_file_id": job.input_file_id,
        "completion_window": "24h",
        "status": status,
        **_file_ids(state, job, now),
        "created_at": int(job.created_at),
        "in_progress_at": int(job.starts_at) if status not in ("validating", "failed") else None,
        "expires_at": int(job.expires_at),
        "finalizing_at": int(job.finished_at) if job.finished_at is not None else None,
        "cancelling_at": int(job.cancelled_at) if job.cancelled_at is not None else None,
        **ended,
        "request_counts": None if job.fault is JobFault.NO_COUNTS else shown_counts,
        "metadata": job.metadata,
        "usage": _usage(job),
    }


def _file_ids(state: State, job: Job, now: float) -> dict[str, str | None]:
    """The two files of a job that has ended, or "" or null for one that has nothing in it."""
    nothing = "" if job.fault is JobFault.EMPTY_FILE_ID else None
    ids: dict[str, str | None] = {"output_file_id": nothing, "error_file_id": nothing}
    if job.ended_at is None or job.problems or now < job.ended_at + job.late_seconds:
        return ids
    outcomes = {
        "output_file_id": (Outcome.SUCCEEDED,),
        "error_file_id": (Outcome.ERRORED, Outcome.EXPIRED, Outcome.CANCELED),
    }
    for name, wanted in outcomes.items():
        if not any(job.counts[outcome] for outcome in wanted):
            continue
        kind = name.removesuffix("_file_id")
        ids[name] = f"file-{kind}{job.serial:08d}"
        state.files.add(
            KeptFile(
                id=ids[name] or "",
                key=job.key,
                name=f"{job.id}_{kind}.jsonl",
                purpose="batch_output",
                created_at=job.ended_at,
                written=lambda wanted=wanted: job.results(order_of(state), *wanted),  # type: ignore[misc]
            )
        )
    return ids


def _usage(job: Job) -> dict[str, Any]:
    tokens, _ = job.charged()
    return {
        "input_tokens": tokens["input"],
        "input_tokens_details": {"cached_tokens": tokens["cache_read"]},
        "output_tokens": tokens["output"],
        "output_tokens_details": {"reasoning_tokens": tokens["reasoning"]},
        "total_tokens": tokens["input"] + tokens["output"],
    }
