"""Healthy databases, each at another moment in the life of a batch."""

from collections.abc import Callable

from django.utils import timezone

from assessment.lifecycle.cancelling import cancel
from assessment.models import Batch
from llmprovider.calls.admissions import begin
from llmprovider.jobs.intervals import HOLD
from llmprovider.jobs.submitting import prepare, submit
from llmprovider.models import BatchJob, Bundle
from tests.integration.assessment.essays import batch
from tests.integration.spine import driving

MODES = ("per_request", "serial_bundle", "provider_batch_api")


def in_mode(mode: str, **overrides: object) -> Batch:
    """Three essays, three comparisons."""
    return batch(3, overrides={"llm_batching_mode_override": mode, **overrides})


def nothing() -> None:
    """No row at all."""


def waiting() -> None:
    in_mode("per_request")


def started(mode: str = "per_request") -> Batch:
    return driving.started(in_mode(mode))


def calling() -> None:
    """One call is under way."""
    started()
    begin(str(Bundle.objects.first().pk))


def judged() -> None:
    """Nothing is recorded."""
    driving.judge(started())


def answered() -> None:
    """Nothing is weighed."""
    driving.answered(started())


def scoring() -> None:
    driving.weigh(driving.answered(started()))


def two_waves() -> None:
    one = driving.started(batch(7, overrides={"pairing_strategy": "balanced"}))
    driving.weigh(driving.answered(one))
    assert one.waves.count() == 2


def finished() -> Batch:
    return driving.run(in_mode("per_request"))


def finished_in_bundles() -> None:
    driving.run(in_mode("serial_bundle"))


def cancelled() -> None:
    cancel(started().pk)


def cancelled_in_a_call() -> None:
    calling()
    cancel(Batch.objects.get().pk)


def job_planned() -> None:
    started("provider_batch_api")


def job_sent() -> None:
    job_planned()
    job = BatchJob.objects.get()
    job.hold(timezone.now() + HOLD)
    assert prepare(job, timezone.now())
    submit(job)
    assert BatchJob.objects.get().status == "submitted"


def job_finished() -> None:
    driving.run(in_mode("provider_batch_api"))


HEALTHY: tuple[Callable[[], object], ...] = (
    nothing,
    waiting,
    started,
    calling,
    judged,
    answered,
    scoring,
    two_waves,
    finished,
    finished_in_bundles,
    cancelled,
    cancelled_in_a_call,
    job_planned,
    job_sent,
    job_finished,
)
