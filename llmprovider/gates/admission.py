"""Admission: may this call be made now? Decided under the gate's lock, by one caller at a time."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from llmprovider import tallies
from llmprovider.conf import get_settings
from llmprovider.gates.circuits import Stage, probe_is_out, stage, with_probe
from llmprovider.gates.lanes import Refusal, last_refusal
from llmprovider.gates.rate_windows import LOOK_AGAIN_SECONDS, Delay, Need, delay_for
from llmprovider.gates.rows import (
    calls_of,
    circuit_of,
    delete_old_grants,
    gates_of,
    lease,
    locked,
    put_circuit,
)
from llmprovider.gates.vendor_limits import SeenLimit, delay_for_refill, restored
from llmprovider.models import Gate, Grant
from llmprovider.rate_limits import RateLimits, limits_of


@dataclass(frozen=True)
class Admitted:
    """The call may be made. Give `grant_id` to `settle`; None where nothing is counted."""

    grant_id: int | None


@dataclass(frozen=True)
class Wait:
    """Not now; ask again after `seconds`. `reason` names the limit, for logs and people."""

    seconds: float
    reason: str


def admit(
    provider: str,
    model: str,
    need: Need,
    now: datetime,
    *,
    enqueued_at: datetime | None = None,
) -> Admitted | Wait | Refusal:
    """Let one call through, keep it waiting, or say that nobody is served.

    Runs in the caller's transaction, which must also store that the call is made; take `now`
    inside it. `need`: upper bounds. `enqueued_at`: when the comparisons came in; those that were
    there when the provider last refused everybody are refused with it, later ones may try.
    """
    gate, whole = gates_of(provider, model)
    refused = last_refusal(gate, whole)
    if refused and enqueued_at is not None and enqueued_at <= refused[0]:
        return refused[1]
    limits = limits_of(get_settings().RATE_LIMITS, provider, model)
    if limits is None and (gate is None or _nothing_to_mind(gate, now)):
        return Admitted(None)
    began = time.monotonic()
    with transaction.atomic():
        gate = locked(provider, model)
        # The time spent in the queue for the lock is not part of anybody's minute.
        step = _decide(gate, need, limits, now + timedelta(seconds=time.monotonic() - began))
        if isinstance(step, Wait) and step.reason != "circuit":
            tallies.limited(provider, model, step.seconds)
        return step


def _nothing_to_mind(gate: Gate, now: datetime) -> bool:
    return gate.open_until is None and gate.paused_until is None and not _in_force(gate, now)


def _in_force(gate: Gate, now: datetime) -> list[SeenLimit]:
    return [limit for limit in restored(gate.vendor_limits) if limit.in_force(now)]


def _decide(gate: Gate, need: Need, limits: RateLimits | None, now: datetime) -> Admitted | Wait:
    circuit = circuit_of(gate)
    at = stage(circuit, now, lease())
    if at is Stage.OPEN and gate.open_until is not None:
        return Wait((gate.open_until - now).total_seconds(), "circuit")
    if at is Stage.PROBING:
        return Wait(LOOK_AGAIN_SECONDS, "circuit")
    if gate.paused_until is not None and gate.paused_until > now:
        return Wait((gate.paused_until - now).total_seconds(), "retry_after")
    if gate.paused_until is not None and probe_is_out(circuit, now, lease()):
        return Wait(LOOK_AGAIN_SECONDS, "retry_after")
    delay = _delay(gate, need, limits, now)
    if delay.seconds > 0:
        gate.full_until = now + timedelta(seconds=delay.seconds)
        gate.save(update_fields=["full_until", "updated_at"])
        return Wait(delay.seconds, delay.reason)
    delete_old_grants(gate, now)
    grant = Grant.objects.create(
        gate=gate,
        granted_at=now,
        input_tokens=need.input_tokens,
        output_tokens=need.output_tokens,
    )
    if at is Stage.HALF_OPEN or gate.paused_until is not None:
        put_circuit(gate, with_probe(circuit, grant.pk, now))
        gate.save()
    return Admitted(grant.pk)


def _delay(gate: Gate, need: Need, limits: RateLimits | None, now: datetime) -> Delay:
    calls = calls_of(gate, now)
    refill = delay_for_refill(need, _in_force(gate, now), calls, now)
    if limits is None:
        return refill
    return max(refill, delay_for(need, calls, limits, now), key=lambda delay: delay.seconds)
