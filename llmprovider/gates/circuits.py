"""Circuits: after failures in a row nobody asks for a while, then one call shows how it stands."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST_PERIOD_SECONDS = 120.0


class Stage(StrEnum):
    """What a circuit lets through."""

    CLOSED = "closed"  # everything
    OPEN = "open"  # nothing
    HALF_OPEN = "half_open"  # the next call, as the probe
    PROBING = "probing"  # nothing, until the probe is back


@dataclass(frozen=True)
class Circuit:
    """`failures`: provider failures in a row. `opened_at`: when this outage began.

    `period`: seconds from the last opening to `open_until`. `probe`: the grant of the one call
    that tries; a closed circuit has one after a pause.
    """

    failures: int = 0
    opened_at: datetime | None = None
    open_until: datetime | None = None
    period: float = 0.0
    probe: int | None = None
    probe_started_at: datetime | None = None


CLOSED = Circuit()


def stage(circuit: Circuit, now: datetime, lease: timedelta) -> Stage:
    """A probe out for longer than `lease` has lost its worker, and is given up."""
    if circuit.open_until is None:
        return Stage.CLOSED
    if now < circuit.open_until:
        return Stage.OPEN
    return Stage.PROBING if probe_is_out(circuit, now, lease) else Stage.HALF_OPEN


def probe_is_out(circuit: Circuit, now: datetime, lease: timedelta) -> bool:
    """Whether the one call that tries is under way."""
    return circuit.probe_started_at is not None and now < circuit.probe_started_at + lease


def with_probe(circuit: Circuit, grant: int, now: datetime) -> Circuit:
    """A half-open circuit, or one closed after a pause, whose probe has been let through.

    Where nobody has asked for long since it could have been, what was is over: if the provider
    still fails, that is a new outage.
    """
    probing = replace(circuit, probe=grant, probe_started_at=now)
    if circuit.probe is None and circuit.open_until is not None:
        if now - circuit.open_until > timedelta(seconds=LONGEST_PERIOD_SECONDS):
            return replace(probing, opened_at=now, period=0.0)
    return probing


def without_probe(circuit: Circuit) -> Circuit:
    """The probe told nothing: the next call is the probe."""
    return replace(circuit, probe=None, probe_started_at=None)


def after_failure(
    circuit: Circuit,
    now: datetime,
    *,
    grant: int | None,
    threshold: int,
    first_period: float,
    refused: bool,
) -> Circuit:
    """One more failure, of the call with `grant`; opens a closed circuit at `threshold`.

    `refused`: nobody could be served, so there is no need to wait for more of them; and a remedy
    is a person's act, after which nobody wants to wait long: the period does not double.
    """
    failed = replace(circuit, failures=circuit.failures + 1)
    if circuit.open_until is None:
        if failed.failures < threshold and not refused:
            return without_probe(failed) if circuit.probe == grant else failed
        return _opened(replace(failed, opened_at=now), now, first_period)
    if circuit.probe is None or circuit.probe != grant:
        return failed  # sent before the circuit opened: nothing new
    period = first_period if refused else min(2 * circuit.period, LONGEST_PERIOD_SECONDS)
    return _opened(failed, now, max(period, first_period))


def _opened(circuit: Circuit, now: datetime, period: float) -> Circuit:
    until = now + timedelta(seconds=period)
    return replace(without_probe(circuit), open_until=until, period=period)
