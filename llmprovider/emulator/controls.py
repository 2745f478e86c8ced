"""The emulator's own endpoints: what was asked of it, and what is to go wrong."""

import json
from typing import Any

from llmprovider.emulator.faults import injection
from llmprovider.emulator.http_messages import Reply, Request, json_reply
from llmprovider.emulator.job_faults import job_fault
from llmprovider.emulator.states import State, key_name


def get_calls(state: State, request: Request) -> Reply:
    return json_reply(200, {"now": state.clock.now(), "calls": state.log.as_json()})


def delete_calls(state: State, request: Request) -> Reply:
    state.log.clear()
    return json_reply(200, {"calls": []})


def add_fault(state: State, request: Request) -> Reply:
    """Body: one fault, as {"fault": name, "retry_after": seconds, "times": n, "model": name,
    "at": door}.
    """
    try:
        values = json.loads(request.body)
        if not isinstance(values, dict):
            raise ValueError("the body must be a JSON object")
        coming = injection(values)
    except (TypeError, ValueError) as error:
        return json_reply(400, {"error": str(error)})
    state.faults.add(coming)
    return json_reply(201, {"waiting": len(state.faults)})


def delete_faults(state: State, request: Request) -> Reply:
    state.faults.clear()
    return json_reply(200, {"waiting": 0})


def get_profile(state: State, request: Request) -> Reply:
    return json_reply(200, {"profile": state.profile.name, "seed": state.judge.seed})


def get_jobs(state: State, request: Request) -> Reply:
    return json_reply(200, {"now": state.clock.now(), "jobs": jobs_as_json(state)})


def jobs_as_json(state: State) -> list[dict[str, Any]]:
    """Every batch job: where it stands, and what was charged for it at half the list price."""
    shown = []
    for job in state.jobs.all():
        job.advance(state.clock.now())
        tokens, cost = job.charged()
        shown.append(
            {
                "id": job.id,
                "vendor": job.vendor,
                "model": job.model,
                "key": key_name(job.key),
                "metadata": dict(job.metadata or {}),
                "requests": len(job.lines),
                "counts": {outcome.value: count for outcome, count in job.counts.items()},
                "fault": job.fault.value if job.fault else "",
                "created_at": job.created_at,
                "cancelled_at": job.cancelled_at,
                "ended_at": job.ended_at,
                "failed": bool(job.problems),
                "charged_tokens": dict(tokens),
                "charged_usd": cost,
            }
        )
    return shown


def add_job_fault(state: State, request: Request) -> Reply:
    """Body: {"fault": name, "times": n}, for the jobs or the requests of jobs to come."""
    try:
        values = json.loads(request.body)
        state.job_faults.add(job_fault(str(values["fault"])), int(values.get("times", 1)))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return json_reply(400, {"error": str(error)})
    return json_reply(201, {})


def delete_job_faults(state: State, request: Request) -> Reply:
    state.job_faults.clear()
    return json_reply(200, {})
