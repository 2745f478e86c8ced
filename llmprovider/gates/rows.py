"""The rows of a gate: read, locked, and turned into what the pure modules know."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from llmprovider.conf import get_settings
from llmprovider.gates.circuits import Circuit
from llmprovider.gates.rate_windows import WINDOW_SECONDS, GrantedCall
from llmprovider.models import Gate

# Refusals that concern every model of a provider are kept in the row with this model.
WHOLE_PROVIDER = ""


def lease() -> timedelta:
    """After this a call that was never settled has lost its worker."""
    return timedelta(seconds=get_settings().PROCESSING_LEASE_SECONDS)


def gates_of(provider: str, model: str) -> tuple[Gate | None, Gate | None]:
    """The gate of the model and the one of the whole provider, unlocked, in one query."""
    rows = {
        gate.model: gate
        for gate in Gate.objects.filter(provider=provider, model__in=(model, WHOLE_PROVIDER))
    }
    return rows.get(model), rows.get(WHOLE_PROVIDER)


def locked(provider: str, model: str) -> Gate:
    """The gate's row, made where there is none, locked until the transaction ends.

    On SQLite the transaction itself is the lock: it is IMMEDIATE.
    """
    mine = Gate.objects.select_for_update().filter(provider=provider, model=model)
    if (gate := mine.first()) is not None:
        return gate
    Gate.objects.bulk_create([Gate(provider=provider, model=model)], ignore_conflicts=True)
    return mine.get()


def circuit_of(gate: Gate) -> Circuit:
    """The circuit as the row has it."""
    return Circuit(
        failures=gate.failures,
        opened_at=gate.opened_at,
        open_until=gate.open_until,
        period=gate.open_seconds,
        probe=gate.probe,
        probe_started_at=gate.probe_started_at,
    )


def put_circuit(gate: Gate, circuit: Circuit) -> None:
    """Write the circuit into the row; the caller saves."""
    gate.failures = circuit.failures
    gate.opened_at = circuit.opened_at
    gate.open_until = circuit.open_until
    gate.open_seconds = circuit.period
    gate.probe = circuit.probe
    gate.probe_started_at = circuit.probe_started_at


def calls_of(gate: Gate, now: datetime) -> Sequence[GrantedCall]:
    """Calls that may still count against a limit. One without a worker ended with its lease."""
    window = timedelta(seconds=WINDOW_SECONDS)
    rows = gate.grants.filter(
        Q(finished_at__isnull=True) | Q(finished_at__gt=now - window)
    ).values_list("granted_at", "input_tokens", "output_tokens", "finished_at")
    given_up = now - lease()
    return [
        GrantedCall(
            granted,
            input_tokens,
            output_tokens,
            granted + lease() if finished is None and granted <= given_up else finished,
        )
        for granted, input_tokens, output_tokens, finished in rows
    ]


def delete_old_grants(gate: Gate, now: datetime) -> None:
    """Nothing older than two windows is kept, except while it may be under way."""
    old = now - timedelta(seconds=2 * WINDOW_SECONDS)
    gate.grants.filter(
        Q(finished_at__lt=old) | Q(finished_at__isnull=True, granted_at__lt=old - lease())
    ).delete()
