"""Settlement: what a call that was let through used, and what its end says about the provider."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from llmprovider.conf import get_settings
from llmprovider.contracts import ErrorType, TokenUsage
from llmprovider.gates.circuits import CLOSED, after_failure, without_probe
from llmprovider.gates.rejections import count_rejection, every_call_is_rejected
from llmprovider.gates.rows import (
    WHOLE_PROVIDER,
    circuit_of,
    gates_of,
    locked,
    put_circuit,
)
from llmprovider.gates.vendor_limits import stored
from llmprovider.models import Gate, Grant
from llmprovider.providers.base import ProviderError, VendorLimit

PROVIDER_FAILURES = frozenset(
    {
        ErrorType.OVERLOADED,
        ErrorType.SERVER_ERROR,
        ErrorType.TIMEOUT,
        ErrorType.CONNECTION,
        ErrorType.AUTHENTICATION,
        ErrorType.INVALID_REQUEST,
    }
)
# Turned away at the door: no token was used. After other errors the answer may have been written.
NOT_SERVED = frozenset(
    {
        ErrorType.RATE_LIMIT,
        ErrorType.OVERLOADED,
        ErrorType.AUTHENTICATION,
        ErrorType.INVALID_REQUEST,
    }
)


def settle(
    provider: str,
    model: str,
    grant_id: int | None,
    now: datetime,
    *,
    usage: TokenUsage | None = None,
    error: ProviderError | None = None,
    limits: Sequence[VendorLimit] = (),
) -> None:
    """Close the account of one call, in the transaction that stores its outcomes.

    `usage`: it was answered. `error`: it was not. Neither: nobody knows; only its place under way
    is given back. A second settlement of the same grant changes nothing. Locks the gate's row, so
    call it before locking items. `limits`: of an answer; an error brings its own.
    """
    if error is not None:
        limits = error.limits
    gate, whole = gates_of(provider, model)
    if usage is not None and grant_id is None and not limits:
        if (gate is None or _is_fine(gate)) and (whole is None or whole.refused_at is None):
            return
    if usage is None and error is None and grant_id is None:
        return
    with transaction.atomic():
        if _whole_provider_refuses(error):
            _note_refusal(locked(provider, WHOLE_PROVIDER), error, now)
        elif usage is not None and whole is not None and whole.refused_at is not None:
            _forget_refusal(locked(provider, WHOLE_PROVIDER))
        gate = locked(provider, model)
        if grant_id is not None and not _close(gate, grant_id, usage, error, now):
            return
        gate.vendor_limits |= stored(limits, now)
        if error is not None:
            _after_error(gate, grant_id, error, now)
        elif usage is not None:
            _after_answer(gate, grant_id, now)
        elif gate.probe == grant_id:
            put_circuit(gate, without_probe(circuit_of(gate)))
        gate.save()


def _is_fine(gate: Gate) -> bool:
    minded = gate.failures or gate.rejections or gate.open_until or gate.refused_at
    return not (minded or gate.pauses or gate.paused_until)


def _close(
    gate: Gate,
    grant_id: int,
    usage: TokenUsage | None,
    error: ProviderError | None,
    now: datetime,
) -> bool:
    """True the first time. Real tokens replace the reserved ones where they are known."""
    used: dict[str, int] = {}
    if usage is not None:
        used = {"input_tokens": usage.input, "output_tokens": usage.output}
    elif error is not None and error.error_type in NOT_SERVED:
        used = {"input_tokens": 0, "output_tokens": 0}
    grant = Grant.objects.filter(pk=grant_id, gate=gate, finished_at__isnull=True)
    return bool(grant.update(finished_at=now, **used))


def _after_answer(gate: Gate, grant_id: int | None, now: datetime) -> None:
    probe, since = gate.probe, gate.probe_started_at
    put_circuit(gate, CLOSED)
    gate.rejections = 0
    _clear_refusal(gate)
    if gate.paused_until is not None and (grant_id is None or grant_id != probe):
        # Let through before the pause: it does not show whether the pause was long enough.
        gate.probe, gate.probe_started_at = probe, since
        return
    gate.pauses //= 2  # not to 0: one answer does not show that there is room for many calls
    if gate.paused_until is not None and gate.paused_until <= now:
        gate.paused_until = None


def _after_error(gate: Gate, grant_id: int | None, error: ProviderError, now: datetime) -> None:
    gate.error_type = error.error_type
    gate.error_message = error.message[:500]
    _pause(gate, error, now)
    settings = get_settings()
    count_rejection(gate, error)
    refused = error.outage or every_call_is_rejected(gate)
    if counts_as_failure(error):
        circuit = after_failure(
            circuit_of(gate),
            now,
            grant=grant_id,
            threshold=settings.CIRCUIT_FAILURE_THRESHOLD,
            first_period=settings.CIRCUIT_OPEN_SECONDS,
            refused=refused,
        )
        put_circuit(gate, circuit)
    elif error.error_type is not ErrorType.RATE_LIMIT:
        _after_answer(gate, grant_id, now)  # if not to the point
    elif gate.probe == grant_id:
        put_circuit(gate, without_probe(circuit_of(gate)))
    if refused and not _whole_provider_refuses(error):
        _set_refusal(gate, error, now)


def counts_as_failure(error: ProviderError) -> bool:
    """Whether the circuit counts it: the provider fails, or refuses what it is sent.

    Not what a smaller call cures, nor an answer that could not be read: there somebody works.
    """
    return error.outage or (error.error_type in PROVIDER_FAILURES and not error.size)


def _pause(gate: Gate, error: ProviderError, now: datetime) -> None:
    """Leave the lane alone for as long as asked; after a 429 without a word, longer each time.

    A refusal is over when a person has mended it, and a call that is too large when it is halved:
    neither is a matter of time.
    """
    if error.outage or error.size:
        return
    settings = get_settings()
    paused = gate.paused_until is not None and gate.paused_until > now
    if error.retry_after is not None:
        seconds = min(error.retry_after, settings.RETRY_AFTER_MAX_SECONDS)
    elif error.error_type is ErrorType.RATE_LIMIT and not paused:
        longer = settings.QUEUE_RETRY_BASE_SECONDS * 2.0 ** min(gate.pauses, 30)
        seconds = min(longer, settings.QUEUE_RETRY_MAX_SECONDS)
    else:
        return
    if not paused:
        gate.pauses += 1  # of calls that were under way together, only the first counts
    # Others with the same account are told the same: not everybody at the same moment.
    seconds *= random.uniform(1.0, 1.1)  # noqa: S311 - spreads load, guards nothing
    until = now + timedelta(seconds=seconds)
    if gate.paused_until is None or until > gate.paused_until:
        gate.paused_until = until


def _whole_provider_refuses(error: ProviderError | None) -> bool:
    """A key or an account is the provider's; a missing right to one model is that model's."""
    return (
        error is not None
        and error.outage
        and error.error_type is ErrorType.AUTHENTICATION
        and not error.model_only
    )


def _note_refusal(gate: Gate, error: ProviderError | None, now: datetime) -> None:
    if error is not None:
        _set_refusal(gate, error, now)
        gate.save()


def _set_refusal(gate: Gate, error: ProviderError, now: datetime) -> None:
    gate.refused_at = now
    gate.refusal_type = error.error_type
    gate.refusal_message = error.message[:500]


def _forget_refusal(gate: Gate) -> None:
    _clear_refusal(gate)
    gate.save()


def _clear_refusal(gate: Gate) -> None:
    gate.refused_at = None
    gate.refusal_type = gate.refusal_message = ""


def reopen(provider: str, model: str) -> None:
    """An operator's word that the cause is gone: no circuit, pause or refusal any more.

    Rate limits, set here or stated by the vendor, stay.
    """
    with transaction.atomic():
        gate = locked(provider, model)
        put_circuit(gate, CLOSED)
        gate.pauses = gate.rejections = 0
        gate.paused_until = gate.full_until = None
        _clear_refusal(gate)
        gate.save()
