"""Batches that do not get to their end."""

from datetime import datetime, timedelta

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from assessment.conf import get_settings
from assessment.lifecycle.finalising import finalise
from assessment.lifecycle.starting import start
from assessment.lifecycle.waves import long_launches
from assessment.lifecycle.waves.finishing import finish_wave
from assessment.models import Batch, Wave
from llmprovider.contracts import audits
from llmprovider.contracts.findings import Check, Visit, keys

Status = Batch.Status


def _in_batch(key: str) -> Q:
    return Q(pk=key)


def without_reason(now: datetime) -> QuerySet:
    scoring = Batch.objects.filter(status=Status.SCORING, stop_reason="")
    return scoring.order_by("pk").values_list("pk", flat=True)


def stuck(now: datetime) -> QuerySet:
    """While the queue holds comparisons of a whole wave, it bounds how long that may last."""
    silent = now - timedelta(seconds=get_settings().BATCH_TIMEOUT_SECONDS)
    quiet = Batch.objects.exclude(status__in=Batch.ENDED).filter(last_activity_at__lt=silent)
    launching = Wave.objects.filter(batch=OuterRef("pk"), launched_round__lt=F("round"))
    judged = audits.has_unfinished(Cast(OuterRef("pk"), CharField()))
    alone = quiet.filter(Exists(launching) | ~judged)
    return alone.order_by("pk").values_list("pk", flat=True)


def go_on(visit: Visit) -> None:
    """Take the step that the monitor asks a worker for, here: there may be no worker."""
    for batch_id in keys(stuck(visit.now), visit, _in_batch):
        batch = Batch.objects.get(pk=batch_id)
        wave = batch.waves.order_by("-number").first()
        if batch.status == Status.PENDING:
            start(batch_id)
        elif batch.status == Status.SCORING:
            finalise(batch_id)
        elif wave is not None and not wave.launched:
            long_launches.go_on(batch_id, wave.number, wave.round)
        elif wave is not None:
            finish_wave(batch_id, wave.number, wave.round)


CHECKS = (
    Check(
        code="reason_missing",
        of="batch",
        what="being scored without a reason why judging has stopped",
        remedy="nothing: the finaliser ends them as failed. Find out who changed the row",
        find=without_reason,
        in_batch=_in_batch,
    ),
    Check(
        code="stuck",
        of="batch",
        what="not ended, without activity for CJ_ASSESSMENT_SERVICE_BATCH_TIMEOUT_SECONDS, and "
        "nothing of them, or of a whole wave, is in the queue",
        remedy="takes their next step. Where no worker runs, `manage.py eng5 resume BATCH` "
        "judges on",
        find=stuck,
        in_batch=_in_batch,
        repair=go_on,
    ),
)
