"""OpenAI: batches."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from llmprovider.emulator.batch_doors import (
    Visit,
    after_creation,
    at_door,
    done,
    line_fault,
    paged,
    planned_fault,
    planned_lines,
    written,
)
from llmprovider.emulator.batch_jobs import Done, Job, Line, Outcome
from llmprovider.emulator.http_messages import Reply, Request, json_reply
from llmprovider.emulator.job_faults import JobFault, LineFault
from llmprovider.emulator.judging import Dialect
from llmprovider.emulator.judging_in_jobs import judge_in_job
from llmprovider.emulator.openai_batch_inputs import MAX_BYTES, checked_input
from llmprovider.emulator.openai_batch_states import as_json, status_of
from llmprovider.emulator.openai_chat import Chat
from llmprovider.emulator.openai_dialects import check_metadata, invalid
from llmprovider.emulator.openai_responses import Responses
from llmprovider.emulator.states import State
from llmprovider.emulator.vendor_errors import VendorError

_VENDOR: Final = "openai"
_ENDPOINTS: Final[Mapping[str, Dialect]] = MappingProxyType(
    {"/v1/responses": Responses(), "/v1/chat/completions": Chat()}
)
_DIALECT: Final = Responses()
_FIELDS: Final = frozenset(
    "completion_window endpoint input_file_id metadata output_expires_after".split()
)
_LEFT: Final = MappingProxyType(
    {
        Outcome.EXPIRED: (
            "batch_expired",
            "This request could not be executed before the completion window expired.",
        ),
        Outcome.CANCELED: ("batch_cancelled", "This request was not executed: batch cancelled."),
    }
)


def create_batch(state: State, request: Request) -> Reply:
    return at_door(_DIALECT, "create", state, request, _create)


def list_batches(state: State, request: Request) -> Reply:
    return at_door(_DIALECT, "list", state, request, _list)


def get_batch(state: State, request: Request) -> Reply:
    return at_door(_DIALECT, "check", state, request, _get)


def cancel_batch(state: State, request: Request) -> Reply:
    return at_door(_DIALECT, "cancel", state, request, _cancel)


def _create(state: State, visit: Visit) -> Reply:
    body = _checked(visit.request)
    now, endpoint = state.clock.now(), body["endpoint"]
    file = state.files.get(visit.key, body["input_file_id"], now)
    if file is None:
        raise invalid("The input file does not exist.", "invalid_value", "input_file_id")
    if len(file.content) > MAX_BYTES:
        raise invalid("The input file is larger than 200 MB.", "file_too_large", "input_file_id")
    serial, pace = state.jobs.next_serial(), state.profile.jobs
    fault = planned_fault(state, serial)
    requests, problems = checked_input(file.content, endpoint, state.extra_models)
    if fault is JobFault.JOB_FAILED:
        message = "Enqueued token limit reached for this model in your organization."
        problems = [
            {"code": "token_limit_exceeded", "message": message, "line": None, "param": None}
        ]
    starts_at = now + pace.validating
    job = Job(
        id=f"batch_emulated{serial:08d}",
        vendor=_VENDOR,
        key=visit.key,
        serial=serial,
        created_at=now,
        starts_at=starts_at,
        lines=planned_lines(state, serial, starts_at, fault, requests),
        work=lambda line: _worked(state, job, line),
        leave=lambda line, outcome: _left(state, line, outcome),
        finalizing_seconds=pace.finalizing,
        cancelling_seconds=pace.cancelling,
        late_seconds=pace.late if fault is JobFault.LATE_OUTPUT else 0.0,
        fault=fault,
        endpoint=endpoint,
        model=str(requests[0][1].get("model", "")) if requests else "",
        input_file_id=file.id,
        metadata=body.get("metadata"),
        problems=problems,
    )
    state.jobs.add(job)
    # Before anybody looks: a new batch is always shown as being validated.
    reply = json_reply(
        200,
        {**as_json(state, job), "status": "validating"},
        {"x-request-id": visit.request_id},
    )
    return after_creation(job, reply)


def _checked(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise invalid("We could not parse the JSON body of your request.")
    if extra := set(body) - _FIELDS:
        name = min(extra)
        raise invalid(f"Unknown parameter: '{name}'.", "unknown_parameter", name)
    for name in ("completion_window", "endpoint", "input_file_id"):
        if not isinstance(body.get(name), str):
            raise invalid(
                f"Missing required parameter: '{name}'.", "missing_required_parameter", name
            )
    if body["completion_window"] != "24h":
        raise invalid("Invalid value: only '24h' is supported.", "invalid_value", "window")
    if body["endpoint"] not in _ENDPOINTS:
        raise invalid("Invalid value: this endpoint is not emulated.", "invalid_value", "endpoint")
    expiry = body.get("output_expires_after")
    if expiry is not None and not (
        expiry.get("anchor") == "created_at" and 3600 <= expiry.get("seconds", 0) <= 2_592_000
    ):
        raise invalid("Invalid 'output_expires_after'.", "invalid_value", "output_expires_after")
    check_metadata(body)
    return body


def _worked(state: State, job: Job, line: Line) -> Done:
    fault = line_fault(state, job, line)
    if fault is LineFault.LOST_LINE:
        return Done(Outcome.ERRORED, b"")
    if fault is LineFault.EXPIRED_LINE:
        return _left(state, line, Outcome.EXPIRED)
    dialect = _ENDPOINTS[job.endpoint]
    judged = judge_in_job(dialect, state, job.key, {}, line.body, job.id)
    body = json.loads(judged.reply.body)
    ok = judged.reply.status == 200
    if ok and fault is LineFault.NO_OUTPUT:
        body["output" if "output" in body else "choices"] = []
    response = {
        "status_code": judged.reply.status,
        "request_id": judged.reply.headers.get("x-request-id", ""),
        "body": body,
    }
    # A 4xx too has `error: null`; the error is in the body.
    shown = {**_line(state, line), "response": response, "error": None}
    outcome = Outcome.SUCCEEDED if ok else Outcome.ERRORED
    return done(_VENDOR, outcome, shown, fault, judged)


def _left(state: State, line: Line, outcome: Outcome) -> Done:
    code, message = _LEFT[outcome]
    error = {"code": code, "message": message}
    shown = {**_line(state, line), "response": None, "error": error}
    return Done(outcome, written(shown, None))


def _line(state: State, line: Line) -> dict[str, Any]:
    return {"id": f"batch_req_{state.serial():08d}", "custom_id": line.custom_id}


def _list(state: State, visit: Visit) -> Reply:
    query = visit.request.query
    limit = query.get("limit", "20")
    if not limit.isdigit() or not 1 <= int(limit) <= 100:
        raise invalid("Invalid 'limit': 1 to 100.", "invalid_value", "limit")
    jobs, more = paged(state.jobs.listed(_VENDOR, visit.key), query.get("after", ""), int(limit))
    shown = [as_json(state, job) for job in jobs]
    body = {
        "object": "list",
        "data": shown,
        "has_more": more,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
    }
    return json_reply(200, body, {"x-request-id": visit.request_id})


def _get(state: State, visit: Visit) -> Reply:
    return _shown(state, _named(state, visit), visit)


def _cancel(state: State, visit: Visit) -> Reply:
    job = _named(state, visit)
    if not job.cancel(state.clock.now()):
        status = status_of(job, state.clock.now())
        raise VendorError(
            409, "invalid_request_error", f"Cannot cancel a batch with status '{status}'."
        )
    return _shown(state, job, visit)


def _named(state: State, visit: Visit) -> Job:
    job = state.jobs.get(_VENDOR, visit.key, visit.request.name)
    if job is None:
        message = f"No batch found with id '{visit.request.name[:80]}'."
        raise VendorError(404, "invalid_request_error", message)
    return job


def _shown(state: State, job: Job, visit: Visit) -> Reply:
    return json_reply(200, as_json(state, job), {"x-request-id": visit.request_id})
