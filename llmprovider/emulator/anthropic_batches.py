"""Anthropic: message batches."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from llmprovider.emulator.anthropic_messages import API_VERSION, Messages
from llmprovider.emulator.batch_doors import (
    Visit,
    after_creation,
    at_door,
    done,
    line_fault,
    order_of,
    paged,
    planned_fault,
    planned_lines,
    written,
)
from llmprovider.emulator.batch_jobs import Done, Job, Line, Outcome
from llmprovider.emulator.faults import Fault
from llmprovider.emulator.http_messages import Cut, Reply, Request, json_reply
from llmprovider.emulator.job_faults import JobFault, LineFault
from llmprovider.emulator.judging_in_jobs import judge_in_job
from llmprovider.emulator.states import State
from llmprovider.emulator.vendor_errors import ANTHROPIC, VendorError

MAX_REQUESTS: Final = 100_000
MAX_BYTES: Final = 256 * 1024 * 1024
_CUSTOM_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_HEADERS: Final = {"anthropic-version": API_VERSION}
_VENDOR: Final = "anthropic"


class _Batches(Messages):
    endpoint = "/v1/messages/batches"


_DIALECT: Final = _Batches()


def create_batch(state: State, request: Request) -> Reply:
    return at_door(_DIALECT, "create", state, request, _create)


def list_batches(state: State, request: Request) -> Reply:
    return at_door(_DIALECT, "list", state, request, _list)


def get_batch(state: State, request: Request) -> Reply:
    return at_door(_DIALECT, "check", state, request, _get)


def cancel_batch(state: State, request: Request) -> Reply:
    return at_door(_DIALECT, "cancel", state, request, _cancel)


def get_results(state: State, request: Request) -> Reply:
    return at_door(_DIALECT, "results", state, request, _results)


def _create(state: State, visit: Visit) -> Reply:
    if len(visit.request.body) > MAX_BYTES:
        raise ANTHROPIC[Fault.TOO_LARGE].error()
    requests = _checked(visit.request)
    serial, now = state.jobs.next_serial(), state.clock.now()
    fault, pace = planned_fault(state, serial), state.profile.jobs
    starts_at = now + pace.validating
    job = Job(
        id=f"msgbatch_emulated{serial:08d}",
        vendor=_VENDOR,
        key=visit.key,
        serial=serial,
        created_at=now,
        starts_at=starts_at,
        lines=planned_lines(state, serial, starts_at, fault, requests),
        work=lambda line: _worked(state, job, line),
        leave=_left,
        finalizing_seconds=pace.finalizing,
        cancelling_seconds=pace.cancelling,
        fault=fault,
        model=_model(requests),
    )
    state.jobs.add(job)
    job.advance(now)
    return after_creation(job, _shown(state, job, visit))


def _checked(request: Request) -> list[tuple[str, Any]]:
    """The requests. What their params hold is checked when they are judged."""
    if request.headers.get("anthropic-version") != API_VERSION:
        raise _invalid(f"anthropic-version: {API_VERSION} is required")
    try:
        body = json.loads(request.body)
        requests = body["requests"]
        entries = [(entry["custom_id"], entry["params"]) for entry in requests]
        extra = set(body) - {"requests"}
        extra |= {name for entry in requests for name in entry} - {"custom_id", "params"}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _invalid("requests: a list of objects with custom_id and params") from None
    if extra:
        raise _invalid(f"{min(extra)}: Extra inputs are not permitted")
    if not entries:
        raise _invalid("requests: List should have at least 1 item after validation")
    if len(entries) > MAX_REQUESTS:
        raise _invalid(f"requests: List should have at most {MAX_REQUESTS} items")
    seen: set[str] = set()
    for at, (custom_id, _) in enumerate(entries):
        place = f"requests.{at}.custom_id"
        if not isinstance(custom_id, str):
            raise _invalid(f"{place}: Input should be a valid string")
        if len(custom_id) > 64:
            raise _invalid(f"{place}: String should have at most 64 characters")
        if not _CUSTOM_ID.fullmatch(custom_id):
            raise _invalid(f"{place}: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'")
        if custom_id in seen:
            raise _invalid(f"{place}: Duplicate custom_id")
        seen.add(custom_id)
    return entries


def _model(requests: list[tuple[str, Any]]) -> str:
    params = requests[0][1]
    return str(params.get("model", "")) if isinstance(params, dict) else ""


def _worked(state: State, job: Job, line: Line) -> Done:
    fault = line_fault(state, job, line)
    if fault is LineFault.LOST_LINE:
        return Done(Outcome.ERRORED, b"")
    if fault is LineFault.EXPIRED_LINE:
        return _left(line, Outcome.EXPIRED)
    if job.fault is JobFault.JOB_FAILED:
        error = ANTHROPIC[Fault.QUOTA].error()
        failed = _DIALECT.error(error, f"req_emulated_{state.serial():08d}")
        return Done(Outcome.ERRORED, written(_errored(line, json.loads(failed.body)), None))
    body = line.body
    if isinstance(body, dict) and body.get("max_tokens") == 0:
        body = {**body, "max_tokens": -1}  # filling the cache is not for batches
    judged = judge_in_job(_DIALECT, state, job.key, _HEADERS, body, job.id)
    message = json.loads(judged.reply.body)
    if judged.reply.status != 200:
        return Done(Outcome.ERRORED, written(_errored(line, message), fault))
    message["usage"]["service_tier"] = "batch"
    if fault is LineFault.NO_OUTPUT:
        message["content"] = []
    result = {"type": "succeeded", "message": message}
    shown = {"custom_id": line.custom_id, "result": result}
    return done(_VENDOR, Outcome.SUCCEEDED, shown, fault, judged)


def _errored(line: Line, error: Mapping[str, Any]) -> dict[str, Any]:
    return {"custom_id": line.custom_id, "result": {"type": "errored", "error": error}}


def _left(line: Line, outcome: Outcome) -> Done:
    shown = {"custom_id": line.custom_id, "result": {"type": outcome.value}}
    return Done(outcome, written(shown, None))


def _list(state: State, visit: Visit) -> Reply:
    query = visit.request.query
    limit = query.get("limit", "20")
    if not limit.isdigit() or not 1 <= int(limit) <= 1000:
        raise _invalid("limit: Input should be from 1 to 1000")
    jobs, more = paged(state.jobs.listed(_VENDOR, visit.key), query.get("after_id", ""), int(limit))
    shown = [_as_json(state, job, visit) for job in jobs]
    body = {
        "data": shown,
        "has_more": more,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
    }
    return json_reply(200, body, {"request-id": visit.request_id})


def _get(state: State, visit: Visit) -> Reply:
    return _shown(state, _named(state, visit), visit)


def _cancel(state: State, visit: Visit) -> Reply:
    job = _named(state, visit)
    if not job.cancel(state.clock.now()):
        raise _invalid(f"Batch {job.id} cannot be canceled because it has already ended.")
    return _shown(state, job, visit)


def _results(state: State, visit: Visit) -> Reply:
    job = _named(state, visit)
    if job.ended_at is None:
        raise _invalid("Batch results are not available until processing has ended.")
    return Reply(
        200,
        b"",
        {"content-type": "application/x-jsonl", "request-id": visit.request_id},
        Cut.CUT_OFF if visit.cut_off else None,
        stream=job.results(order_of(state), *Outcome),
    )


def _named(state: State, visit: Visit) -> Job:
    job = state.jobs.get(_VENDOR, visit.key, visit.request.name)
    if job is None:
        raise VendorError(404, "not_found_error", "Message batch not found.")
    return job


def _shown(state: State, job: Job, visit: Visit) -> Reply:
    return json_reply(200, _as_json(state, job, visit), {"request-id": visit.request_id})


def _as_json(state: State, job: Job, visit: Visit) -> dict[str, Any]:
    ended = job.ended_at is not None
    status = "ended" if ended else "canceling" if job.cancelled_at is not None else "in_progress"
    # Until the whole batch has ended, everything is being processed.
    counts: dict[str, int] = {"processing": 0 if ended else len(job.lines)}
    for outcome in Outcome:
        counts[outcome.value] = job.counts[outcome] if ended else 0
    host = visit.request.headers.get("host", "")
    url = f"http://{host}/v1/messages/batches/{job.id}/results"
    return {
        "id": job.id,
        "type": "message_batch",
        "processing_status": status,
        "request_counts": counts,
        "created_at": _time(job.created_at),
        "expires_at": _time(job.expires_at),
        "ended_at": _time(job.ended_at),
        "cancel_initiated_at": _time(job.cancelled_at),
        "archived_at": None,
        "results_url": url if ended else None,
    }


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _invalid(message: str) -> VendorError:
    return VendorError(400, "invalid_request_error", message)
