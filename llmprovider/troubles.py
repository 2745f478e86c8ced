"""What keeps a batch waiting at its providers, from the gates of the lanes it waits in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Q

from llmprovider.conf import get_settings
from llmprovider.gates.circuits import Stage, stage
from llmprovider.gates.lanes import refused_since
from llmprovider.gates.rows import circuit_of, lease
from llmprovider.models import Gate, QueueItem


class TroubleKind(StrEnum):
    """`failing`: calls fail in a row, so one at a time tries. `paused`: asked to be left alone.

    `refused`: nobody is served until a person mends the key, the account or the model's name.
    """

    FAILING = "failing"
    PAUSED = "paused"
    REFUSED = "refused"


@dataclass(frozen=True)
class Trouble:
    """A judge that serves nobody at the moment, with this project's words of its last error.

    Failing: `since` when, and when what waits is given up (`until`) unless it serves before then.
    Refused: `since` when; what waits is given up as soon as its turn comes, at the latest `until`.
    Paused: `until` when nobody asks, `since` None.
    """

    provider: str
    model: str
    kind: TroubleKind
    since: datetime | None
    until: datetime
    error_type: str
    message: str


def troubles_of(batch_key: str, now: datetime) -> list[Trouble]:
    """What the batch's comparisons without an outcome wait for; empty where all is well."""
    affected = Q(open_until__isnull=False) | Q(paused_until__gt=now)
    gates = list(Gate.objects.filter(affected).order_by("provider", "model"))
    if not gates:
        return []  # the usual case, in one short query: whoever follows a batch asks often
    waiting = set(
        QueueItem.objects.filter(batch_key=batch_key, status__in=QueueItem.OPEN)
        .order_by()
        .values_list("provider", "model")
        .distinct()
    )
    found = (_trouble(gate, now) for gate in gates if (gate.provider, gate.model) in waiting)
    return [trouble for trouble in found if trouble is not None]


def _trouble(gate: Gate, now: datetime) -> Trouble | None:
    tolerance = timedelta(seconds=get_settings().OUTAGE_TOLERANCE_SECONDS)
    failing = stage(circuit_of(gate), now, lease()) is not Stage.CLOSED
    if failing and gate.opened_at is not None:
        refused = refused_since(gate.provider, gate.model) is not None
        kind = TroubleKind.REFUSED if refused else TroubleKind.FAILING
        since, until = gate.opened_at, gate.opened_at + tolerance
    elif gate.paused_until is not None and gate.paused_until > now:
        kind, since, until = TroubleKind.PAUSED, None, gate.paused_until
    else:
        return None
    return Trouble(
        gate.provider, gate.model, kind, since, until, gate.error_type, gate.error_message
    )
