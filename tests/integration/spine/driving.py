"""One worker without messages: each step of a batch is called by hand, so a test can stop between.

What a message would have called is called here directly; what a test leaves out is what a lost
message or a kill leaves out.
"""

import time

import pytest
from django.utils import timezone

from assessment import conf as assessment_conf
from assessment.lifecycle.finalising import finalise
from assessment.lifecycle.starting import start
from assessment.lifecycle.waves.finishing import finish_wave
from assessment.lifecycle.waves.recording import record_parcel
from assessment.models import Batch, ComparisonPair, Wave
from llmprovider.calls.processing import process
from llmprovider.jobs.tending import tend
from llmprovider.models import BatchJob, Bundle, QueueItem


def started(batch: Batch) -> Batch:
    """The batch with its first wave in the queue and nothing judged."""
    start(batch.pk)
    batch.refresh_from_db()
    return batch


def judge(batch: Batch) -> None:
    """Process what is queued for the batch until nothing is; results stay where they are."""
    for _ in range(50):
        tend_jobs(batch)
        queued = QueueItem.objects.filter(
            batch_key=str(batch.pk), status=QueueItem.Status.QUEUED
        ).values("bundle")
        bundles = list(Bundle.objects.filter(pk__in=queued).order_by("created_at"))
        if not bundles:
            return
        for bundle in bundles:
            time.sleep(max(0.0, (bundle.not_before - timezone.now()).total_seconds()))
            process(str(bundle.pk))
    pytest.fail("the queue does not come to an end")


def tend_jobs(batch: Batch) -> None:
    """Do what the batch's provider jobs need next, whenever that is due."""
    jobs = BatchJob.objects.filter(
        bundles__batch_key=str(batch.pk), status__in=BatchJob.OPEN
    ).distinct()
    for job in jobs:
        BatchJob.objects.filter(pk=job.pk).update(next_check_at=timezone.now())
        tend(str(job.pk))


def record(batch: Batch) -> list[Wave]:
    """Take home everything that is finished; the waves that are complete now."""
    complete = []
    for bundle in Bundle.objects.filter(batch_key=str(batch.pk)).order_by("created_at"):
        complete += record_parcel(str(bundle.pk))
    batch.refresh_from_db()
    return complete


def answered(batch: Batch) -> Batch:
    """The batch with every comparison that is queued judged and recorded."""
    judge(batch)
    record(batch)
    return batch


def weigh(batch: Batch) -> Wave:
    """Finish the current round of the last wave; returns that wave as it is afterwards."""
    wave = batch.waves.last()
    finish_wave(batch.pk, wave.number, wave.round)
    batch.refresh_from_db()
    wave.refresh_from_db()
    return wave


def run(batch: Batch, rounds: int = 200) -> Batch:
    """The batch from wherever it is to its end."""
    start(batch.pk)
    for _ in range(rounds):
        batch.refresh_from_db()
        if batch.ended:
            return batch
        if batch.status == Batch.Status.SCORING:
            finalise(batch.pk)
        else:
            answered(batch)
            weigh(batch)
    pytest.fail(f"the batch does not come to an end: {batch.status}")


def counted(batch: Batch) -> tuple[int, int, int]:
    """(submitted, completed, failed) as the rows have them; the counters must say the same."""
    statuses = list(batch.pairs.values_list("status", flat=True))
    live = sum(status != ComparisonPair.Status.WITHDRAWN for status in statuses)
    return (
        live,
        statuses.count(ComparisonPair.Status.SUCCEEDED),
        statuses.count(ComparisonPair.Status.FAILED),
    )


def counters(batch: Batch) -> tuple[int, int, int]:
    batch.refresh_from_db()
    return batch.submitted, batch.completed, batch.failed


def set_assessment(monkeypatch: pytest.MonkeyPatch, **values: object) -> None:
    """Settings of the assessment for one test, as the environment gives them."""
    for name, value in values.items():
        monkeypatch.setenv(f"CJ_ASSESSMENT_SERVICE_{name}", str(value))
    assessment_conf.get_settings.cache_clear()
