"""Recovery from the rows alone: whatever lost its message is told again to go on.

It contains no scoring; it only calls what a message would have called.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef

from assessment.lifecycle import messages
from assessment.lifecycle.recovering import recover_silent
from assessment.models import Batch, ComparisonPair, Wave

# A message that was sent this recently may still be on its way.
PATIENCE = timedelta(seconds=10)
CHUNK = 200


def monitor(now: datetime, *, lone_process: bool = False) -> None:
    """Send again what each unfinished batch needs next.

    `lone_process`: no other process works on this database, so no message is on its way.
    """
    quiet = now if lone_process else now - PATIENCE
    for batch_id in _ids(Batch.Status.PENDING, quiet):
        messages.start_batch(batch_id)
    for wave in _answered_waves(quiet):
        messages.finish_wave(wave.batch_id, wave.number, wave.round)
    for batch_id in _ids(Batch.Status.SCORING, quiet):
        messages.finalise_batch(batch_id)
    recover_silent(now)


def _ids(status: str, quiet_since: datetime) -> list[int]:
    return list(
        Batch.objects.filter(status=status, last_activity_at__lte=quiet_since)
        .order_by("last_activity_at")
        .values_list("pk", flat=True)[:CHUNK]
    )


def _answered_waves(quiet_since: datetime) -> list[Wave]:
    """Waves of which every comparison is answered and the last round was not weighed."""
    pending = ComparisonPair.objects.filter(
        wave=OuterRef("pk"), status=ComparisonPair.Status.PENDING
    )
    return list(
        Wave.objects.filter(
            batch__status=Batch.Status.COMPARING,
            batch__last_activity_at__lte=quiet_since,
            finished_round__lt=F("round"),
        )
        .exclude(Exists(pending))
        .order_by("batch__last_activity_at")[:CHUNK]
    )
