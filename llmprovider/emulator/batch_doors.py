"""What the batch endpoints of both vendors have in common: keys, faults at the door, planning."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llmprovider.costs.pricing import UnknownPrice, cost_of
from llmprovider.emulator.batch_jobs import Done, Job, Line, Outcome
from llmprovider.emulator.faults import Fault, Injection
from llmprovider.emulator.http_messages import Cut, Reply, Request
from llmprovider.emulator.job_faults import JobFault, LineFault
from llmprovider.emulator.judging import Dialect
from llmprovider.emulator.judging_in_jobs import Judged
from llmprovider.emulator.states import State, key_fault
from llmprovider.emulator.vendor_errors import BAD_GATEWAY_PAGE, VendorError, masked
from llmprovider.providers.latent_quality import uniform

OVERDUE_SHARE = 1 / 3


@dataclass(frozen=True)
class Visit:
    """A request at a door of a batch API, with a key that passed."""

    request: Request
    key: str
    request_id: str
    cut_off: bool = False


def at_door(
    dialect: Dialect,
    door: str,
    state: State,
    request: Request,
    act: Callable[[State, Visit], Reply],
) -> Reply:
    """The reply of `act`, or of what a bad key or a queued fault makes of the request."""
    request_id = f"req_emulated_{state.serial():08d}"
    try:
        key = dialect.key(request.headers)
        if bad := key_fault(key):
            raise dialect.wordings[bad].error(key=masked(key))
        coming = state.faults.take("", door) or _by_chance(state)
        if coming and (reply := _struck(dialect, coming, key, request_id)):
            return reply
        cut_off = coming is not None and coming.fault is Fault.CUT_OFF
        return act(state, Visit(request, key, request_id, cut_off))
    except VendorError as error:
        return dialect.error(error, request_id)


def _by_chance(state: State) -> Injection | None:
    drawn = uniform(state.judge.seed, "door", str(state.serial()))
    fault = state.profile.jobs.door_fault_for(drawn)
    return Injection(fault, retry_after=state.profile.retry_after) if fault else None


def _struck(dialect: Dialect, coming: Injection, key: str, request_id: str) -> Reply | None:
    if coming.fault is Fault.TIMEOUT:
        return Reply(0, b"", cut=Cut.HANG)
    if coming.fault is Fault.RESET:
        return Reply(0, b"", cut=Cut.RESET)
    if coming.fault is Fault.BAD_GATEWAY:
        return Reply(502, BAD_GATEWAY_PAGE, {"content-type": "text/html"})
    if coming.fault is Fault.MALFORMED_BODY:
        return Reply(200, b'{"id": ', {"content-type": "application/json"})
    wording = dialect.wordings.get(coming.fault)
    if wording is None:
        return None
    error = wording.error(model="", key=masked(key))
    if coming.retry_after is not None and wording.status in (429, 503, 529):
        error.headers["retry-after"] = f"{coming.retry_after:g}"
    return dialect.error(error, request_id)


def planned_fault(state: State, serial: int) -> JobFault | None:
    """The fault of a job: one asked for, else the profile's draw."""
    if (asked := state.job_faults.take_for_job()) is not None:
        return asked
    return state.profile.jobs.fault_for(uniform(state.judge.seed, "job", str(serial)))


def planned_lines(
    state: State,
    serial: int,
    starts_at: float,
    fault: JobFault | None,
    requests: Sequence[tuple[str, Any]],
) -> list[Line]:
    """The requests (custom_id, body) of a job, each with the time at which it is done."""
    pace, seed, lines = state.profile.jobs, state.judge.seed, []
    for at, (custom_id, body) in enumerate(requests):
        place = (str(serial), str(at))
        due = starts_at + pace.base + pace.spread * uniform(seed, "due", *place)
        if fault is JobFault.OVERDUE and uniform(seed, "overdue", *place) < OVERDUE_SHARE:
            due = float("inf")
        lines.append(Line(at, custom_id, due, body))
    return lines


def line_fault(state: State, job: Job, line: Line) -> LineFault | None:
    """The fault of a request: one asked for, else the profile's draw."""
    if (asked := state.job_faults.take_for_line()) is not None:
        return asked
    drawn = uniform(state.judge.seed, "line", str(job.serial), str(line.at))
    return state.profile.jobs.line_fault_for(drawn)


def written(line: Mapping[str, Any], fault: LineFault | None) -> bytes:
    """A line of a results file, as the fault leaves it."""
    data = json.dumps(line, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
    if fault is LineFault.BROKEN_LINE:
        return data[: len(data) // 2] + b"\n"
    return data * 2 if fault is LineFault.DUPLICATED_LINE else data


def done(
    vendor: str, outcome: Outcome, line: Mapping[str, Any], fault: LineFault | None, judged: Judged
) -> Done:
    """A judged request, charged for at half the list price if it succeeded."""
    if outcome is not Outcome.SUCCEEDED or judged.usage is None:
        return Done(outcome, written(line, fault))
    usage = judged.usage
    try:
        cost = float(cost_of(vendor, judged.model, usage, batch=True))
    except UnknownPrice:
        cost = 0.0
    return Done(outcome, written(line, fault), usage.model_dump(), cost)


def order_of(state: State) -> Callable[[str], float]:
    """An order that is not the one of the requests."""
    return lambda custom_id: uniform(state.judge.seed, "order", custom_id)


def paged(jobs: Sequence[Job], after: str, limit: int) -> tuple[list[Job], bool]:
    """The jobs after the one named, at most `limit`, and whether there are more."""
    if after:
        names = [job.id for job in jobs]
        jobs = jobs[names.index(after) + 1 :] if after in names else []
    return list(jobs[:limit]), len(jobs) > limit


def after_creation(job: Job, reply: Reply) -> Reply:
    """What the client gets to see of the creation of its job."""
    if job.fault is JobFault.LOST_REPLY:
        return Reply(0, b"", cut=Cut.RESET)
    if job.fault is JobFault.NO_REPLY:
        return Reply(0, b"", cut=Cut.HANG)
    return reply
