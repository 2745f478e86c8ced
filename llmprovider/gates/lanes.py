"""Lanes (a provider and model each): which are closed, which have an outage, which refused us."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from llmprovider.contracts import ErrorType
from llmprovider.gates.circuits import Stage, probe_is_out, stage
from llmprovider.gates.rate_windows import LOOK_AGAIN_SECONDS
from llmprovider.gates.rows import WHOLE_PROVIDER, circuit_of, gates_of, lease
from llmprovider.models import Gate


@dataclass(frozen=True)
class Refusal:
    """Nobody is served here: a bad key, no credit, no such model. A further call would cost
    an attempt and change nothing."""

    error_type: ErrorType
    message: str


@dataclass(frozen=True)
class Outage:
    """A lane whose circuit has been open for too long, with the error seen last."""

    provider: str
    model: str
    since: datetime
    error_type: ErrorType
    message: str


def closed_until(now: datetime) -> dict[tuple[str, str], datetime]:
    """(provider, model) -> until when nobody need ask there. One query.

    A hint for choosing work; `admit` decides. A lane that refuses us is not listed: what waits
    there is to be taken up and failed.
    """
    closed = {}
    affected = Q(open_until__isnull=False) | Q(paused_until__isnull=False) | Q(full_until__gt=now)
    refusing = Gate.objects.filter(model=WHOLE_PROVIDER, refused_at__isnull=False)
    serving = Gate.objects.exclude(provider__in=refusing.values("provider"))
    for gate in serving.filter(affected, refused_at__isnull=True):
        times = [gate.paused_until, gate.full_until]
        circuit = circuit_of(gate)
        trying = gate.open_until is not None or gate.paused_until is not None
        if stage(circuit, now, lease()) is Stage.OPEN:
            times.append(gate.open_until)
        elif trying and probe_is_out(circuit, now, lease()):
            times.append(now + timedelta(seconds=LOOK_AGAIN_SECONDS))
        if until := max((one for one in times if one is not None and one > now), default=None):
            closed[gate.provider, gate.model] = until
    return closed


def outages(now: datetime, tolerance: timedelta) -> list[Outage]:
    """Lanes that have failed every probe for longer than `tolerance`.

    Not a half-open one: there the next call shows how it stands.
    """
    return [
        Outage(gate.provider, gate.model, since, ErrorType(gate.error_type), gate.error_message)
        for gate in Gate.objects.filter(opened_at__lte=now - tolerance)
        if (since := gate.opened_at) is not None
        and stage(circuit_of(gate), now, lease()) in (Stage.OPEN, Stage.PROBING)
    ]


def refused_since(provider: str, model: str) -> tuple[datetime, Refusal] | None:
    """When this lane, or its whole provider, last refused us, and with what.

    None once a call has been served since.
    """
    return last_refusal(*gates_of(provider, model))


def last_refusal(*gates: Gate | None) -> tuple[datetime, Refusal] | None:
    """The latest refusal among rows already read."""
    found = [
        (gate.refused_at, Refusal(ErrorType(gate.refusal_type), gate.refusal_message))
        for gate in gates
        if gate is not None and gate.refused_at is not None
    ]
    return max(found, key=lambda one: one[0], default=None)
