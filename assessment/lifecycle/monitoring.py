"""Recovery from the rows alone: whatever lost its message is told again to go on.

It contains no scoring. A batch that goes nowhere although it is told to is ended by the finaliser.
"""

from datetime import datetime, timedelta

from django.db.models import CharField, Exists, F, OuterRef, Q
from django.db.models.functions import Cast

from assessment.conf import get_settings
from assessment.lifecycle import messages
from assessment.lifecycle.recovering import recover
from assessment.models import Batch, ComparisonPair, Wave
from llmprovider.contracts import audits

# A message that was sent this recently may still be on its way.
PATIENCE = timedelta(seconds=10)
# Between two messages about one batch: a long fit must not be asked for again and again.
RESEND = timedelta(seconds=60)
CHUNK = 200


def monitor(now: datetime, *, lone_process: bool = False) -> None:
    """Send again what each unfinished, quiet batch needs next.

    `lone_process`: no other process works on this database, so no message is on its way.
    """
    quiet = now if lone_process else now - PATIENCE
    again = now if lone_process else now - RESEND
    batches = (
        Batch.objects.exclude(status__in=Batch.ENDED)
        .filter(last_activity_at__lte=quiet)
        .filter(Q(announced_at__isnull=True) | Q(announced_at__lte=again))
        # Here, not one by one: however many wait for their judges, the others have their turn.
        .exclude(_being_judged())
        .order_by(F("announced_at").asc(nulls_first=True), "pk")
    )
    for batch in batches[:CHUNK]:
        _wake(batch, now)


def _being_judged() -> Q:
    """Batches that the queue holds comparisons of: its leases and times to live bound the wait."""
    launching = Wave.objects.filter(batch=OuterRef("pk"), launched_round__lt=F("round"))
    pending = ComparisonPair.objects.filter(
        batch=OuterRef("pk"), status=ComparisonPair.Status.PENDING
    )
    held = audits.has_unfinished(Cast(OuterRef("pk"), CharField()))
    return Q(~Exists(launching), Exists(pending), held, status=Batch.Status.COMPARING)


def _wake(batch: Batch, now: datetime) -> None:
    slept = batch.woken_at is None or batch.woken_at <= batch.last_activity_at
    patience = timedelta(seconds=get_settings().BATCH_TIMEOUT_SECONDS)
    if not slept and batch.woken_at is not None and now - batch.woken_at >= patience:
        recover(batch.pk, batch.last_activity_at)
        return
    # Two monitors at once: one of them sends. A crash in between only costs RESEND.
    stamped = Batch.objects.filter(pk=batch.pk, announced_at=batch.announced_at).update(
        announced_at=now, woken_at=now if slept else batch.woken_at
    )
    if stamped:
        _send(batch)


def _send(batch: Batch) -> None:
    if batch.status == Batch.Status.PENDING:
        messages.start_batch(batch.pk)
    elif batch.status == Batch.Status.SCORING:
        messages.finalise_batch(batch.pk)
    else:
        wave = batch.waves.order_by("-number").first()
        if wave is not None and not wave.launched:
            messages.launch_wave(batch.pk, wave.number, wave.round)
        elif wave is not None:
            messages.finish_wave(batch.pk, wave.number, wave.round)
