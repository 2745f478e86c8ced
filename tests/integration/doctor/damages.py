"""Damage of every kind, planted on rows that the system itself has made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from django.db.models import F
from django.utils import timezone

from assessment.models import (
    Batch,
    ComparisonPair,
    EventDelivery,
    GradeProjection,
    OutgoingEvent,
    PairAttempt,
    Wave,
)
from llmprovider.models import (
    BatchAccount,
    BatchJob,
    Bundle,
    Gate,
    Grant,
    ProviderCall,
    QueueItem,
)
from llmprovider.queueing.leases import claim
from tests.integration.doctor import worlds

LONG_AGO = timedelta(hours=12)


@dataclass(frozen=True)
class Damage:
    """In which world, how to plant it, and which other checks see it too."""

    world: Callable[[], None]
    plant: Callable[[], None]
    also: frozenset[str]


DAMAGES: dict[str, Damage] = {}


def damage(
    code: str, world: Callable[[], None], *also: str
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def keep(plant: Callable[[], None]) -> Callable[[], None]:
        DAMAGES[code] = Damage(world, plant, frozenset(also))
        return plant

    return keep


def long_ago() -> datetime:
    return timezone.now() - LONG_AGO


def one_of(model):
    """The first row, as a query set that can be updated."""
    return model.objects.filter(pk=model.objects.order_by("pk").first().pk)


@damage("lease_overdue", worlds.started)
def _() -> None:
    claim(Bundle.objects.first(), long_ago())


@damage("expired_in_queue", worlds.started)
def _() -> None:
    QueueItem.objects.update(expires_at=long_ago())


@damage("undelivered", worlds.judged)
def _() -> None:
    QueueItem.objects.update(finished_at=long_ago())


@damage("hint_wrong", worlds.started)
def _() -> None:
    Bundle.objects.update(waiting=False, not_before=long_ago())


@damage("verdict_without_call", worlds.finished, "call_in_vain")
def _() -> None:
    one_of(QueueItem).update(call=None)


@damage("account_missing", worlds.started)
def _() -> None:
    BatchAccount.objects.all().delete()


@damage("call_silent", worlds.calling)
def _() -> None:
    ProviderCall.objects.update(started_at=long_ago())


@damage("call_in_vain", worlds.finished)
def _() -> None:
    call = ProviderCall.objects.first()
    call.pk = uuid4()
    call.save(force_insert=True)


@damage("cost_split_wrong", worlds.finished, "charged_too_much", "cost_differs")
def _() -> None:
    one_of(QueueItem).update(cost_usd=Decimal("0.00000001"))


@damage("token_split_wrong", worlds.finished)
def _() -> None:
    one_of(ProviderCall).update(output_tokens=F("output_tokens") + 1)


@damage("charged_too_much", worlds.finished, "cost_differs")
def _() -> None:
    one_of(QueueItem).update(cost_usd=1, attempts=2)


@damage("over_the_cap", worlds.finished)
def _() -> None:
    BatchAccount.objects.update(money_cap=Decimal("0.5"))
    # Another comparison of this call was answered elsewhere.
    one_of(ProviderCall).update(cost_usd=1, items_count=2)


@damage("account_sum_wrong", worlds.finished)
def _() -> None:
    BatchAccount.objects.update(settled_usd=Decimal("0.00000001"))


@damage("submitted_without_job", worlds.started)
def _() -> None:
    one_of(QueueItem).update(status="submitted")


@damage("submitted_in_ended_job", worlds.job_sent, "job_call_open")
def _() -> None:
    BatchJob.objects.update(status="lost")


@damage("job_unattended", worlds.job_sent)
def _() -> None:
    BatchJob.objects.update(next_check_at=long_ago())


@damage("job_past_deadline", worlds.job_sent)
def _() -> None:
    BatchJob.objects.update(deadline_at=long_ago())


@damage("job_not_sent", worlds.job_sent)
def _() -> None:
    BatchJob.objects.update(status="submitting", submitting_at=long_ago())


@damage("job_counts_wrong", worlds.job_finished)
def _() -> None:
    BatchJob.objects.update(succeeded=F("succeeded") - 1)


@damage("job_cost_wrong", worlds.job_finished)
def _() -> None:
    BatchJob.objects.update(cost_usd=1)


@damage("job_call_open", worlds.job_finished)
def _() -> None:
    one_of(ProviderCall).update(finished_at=None)


@damage("grant_forgotten", worlds.nothing)
def _() -> None:
    gate = Gate.objects.create(provider="mock", model="m")
    Grant.objects.create(gate=gate, granted_at=long_ago(), input_tokens=1, output_tokens=1)


@damage("counters_wrong", worlds.answered)
def _() -> None:
    Batch.objects.update(completed=F("completed") - 3, failed=2)


@damage("beyond_budget", worlds.finished, "counters_wrong")
def _() -> None:
    Batch.objects.update(total_budget=2, submitted=2, completed=2)


@damage("wave_size_wrong", worlds.finished)
def _() -> None:
    Wave.objects.update(size=F("size") + 1)


@damage("wave_missing", worlds.finished)
def _() -> None:
    Wave.objects.update(number=2)


@damage("wave_closed_early", worlds.started)
def _() -> None:
    Wave.objects.update(finished_round=1)


@damage("wave_left_open", worlds.two_waves)
def _() -> None:
    Wave.objects.filter(number=1).update(finished_round=0)


@damage("judged_too_often", worlds.finished)
def _() -> None:
    first, second = ComparisonPair.objects.order_by("pk")[:2]
    ComparisonPair.objects.filter(pk=second.pk).update(essay_a=first.essay_b, essay_b=first.essay_a)


@damage("recorded_twice", worlds.finished)
def _() -> None:
    asking = PairAttempt.objects.first()
    asking.pk, asking.number, asking.correlation_id = None, 2, uuid4()
    asking.save()


@damage("asking_missing", worlds.started, "orphan")
def _() -> None:
    one_of(PairAttempt).delete()


@damage("answer_off_record", worlds.finished)
def _() -> None:
    one_of(PairAttempt).update(outcome="waiting")


@damage("pair_not_in_queue", worlds.started)
def _() -> None:
    one_of(QueueItem).delete()


@damage("delivered_not_recorded", worlds.judged)
def _() -> None:
    one_of(QueueItem).update(delivered_at=timezone.now())


@damage("verdict_differs", worlds.finished)
def _() -> None:
    pair = ComparisonPair.objects.first()
    other = "essay_a" if pair.winner == "essay_b" else "essay_b"
    ComparisonPair.objects.filter(pk=pair.pk).update(winner=other)


@damage("cost_differs", worlds.finished)
def _() -> None:
    one_of(ComparisonPair).update(cost_usd=Decimal("0.00000001"))


@damage("asked_after_end", worlds.cancelled)
def _() -> None:
    one_of(QueueItem).update(
        status="queued", error=None, finished_at=None, delivered_at=None, withdrawn=False
    )


@damage("orphan", worlds.finished)
def _() -> None:
    Batch.objects.all().delete()


@damage("end_untold", worlds.finished)
def _() -> None:
    OutgoingEvent.objects.all().delete()


@damage("event_wrong", worlds.finished)
def _() -> None:
    OutgoingEvent.objects.update(kind="batch.failed")


@damage("scores_missing", worlds.finished)
def _() -> None:
    one_of(GradeProjection).delete()


@damage("scores_too_early", worlds.started)
def _() -> None:
    Batch.objects.update(result={})


@damage("pending_after_end", worlds.cancelled, "delivered_not_recorded")
def _() -> None:
    one_of(ComparisonPair).update(status="pending")
    Batch.objects.update(submitted=1)


@damage("places_kept", worlds.cancelled)
def _() -> None:
    BatchAccount.objects.update(expected=1)


@damage("event_overdue", worlds.finished)
def _() -> None:
    deliver(next_attempt_at=long_ago())


@damage("event_given_up", worlds.finished)
def _() -> None:
    deliver(status="GIVEN_UP")


def deliver(**columns: object) -> None:
    """No such target is allowed, so nothing is sent."""
    event = OutgoingEvent.objects.get()
    EventDelivery.objects.create(event=event, target="https://receiver.example/", **columns)


@damage("reason_missing", worlds.answered)
def _() -> None:
    Batch.objects.update(status="SCORING")


@damage("stuck", worlds.waiting)
def _() -> None:
    Batch.objects.update(last_activity_at=long_ago())
