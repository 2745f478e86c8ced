"""A repair takes nothing from anybody who is at work, and gives a dead process's work its time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from assessment.models import Batch, OutgoingEvent
from cjproject.checkups import check_up, repair
from cjproject.embedded import to_itself
from llmprovider.models import Bundle, ProviderCall, QueueItem
from tests.integration.doctor import worlds
from tests.integration.doctor.damages import long_ago
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db


def statuses() -> list[str]:
    return sorted(QueueItem.objects.values_list("status", flat=True))


def mend() -> None:
    repair(check_up())


def test_while_another_process_works_what_it_holds_is_left_alone():
    """T2: its leases run; only what has waited too long is ended."""
    worlds.calling()
    QueueItem.objects.filter(status="queued").update(expires_at=long_ago())
    with to_itself() as held:
        assert held
        mend()
    assert statuses() == ["expired", "expired", "processing"]


def test_where_no_process_was_at_work_nobody_has_waited():
    """T2, T7: a night without a process is no fault of the comparisons."""
    worlds.calling()
    QueueItem.objects.filter(status="queued").update(expires_at=long_ago())
    mend()
    assert statuses() == ["queued"] * 3
    assert QueueItem.objects.filter(expires_at__gt=timezone.now()).count() == 3
    driving.run(Batch.objects.get())
    assert check_up().clean


def test_it_calls_no_provider():
    worlds.started()
    Bundle.objects.update(waiting=False, not_before=long_ago())
    mend()
    assert not ProviderCall.objects.exists()
    assert statuses() == ["queued"] * 3


def test_what_the_queue_had_lost_is_asked_again():
    """P-65: a lost comparison ends as an error that may be retried, and the wave retries it."""
    worlds.started()
    QueueItem.objects.first().delete()
    mend()
    one = driving.run(Batch.objects.get())
    assert (one.status, one.completed, one.failed) == ("COMPLETED", 3, 0)
    assert sorted(one.pairs.values_list("attempts", flat=True)) == [1, 1, 2]
    assert check_up().findings == ()


@pytest.mark.parametrize("world", [worlds.judged, worlds.answered, worlds.scoring])
def test_a_batch_that_slept_a_day_is_brought_on(world):
    """P-33: in every state that is not an end, by the step that was due."""
    world()
    Batch.objects.update(last_activity_at=long_ago())
    QueueItem.objects.update(finished_at=long_ago())
    for _ in range(4):
        Batch.objects.exclude(status="COMPLETED").update(last_activity_at=long_ago())
        mend()
    one = Batch.objects.get()
    assert (one.status, one.stop_reason) == ("COMPLETED", "coverage_complete")
    assert OutgoingEvent.objects.count() == 1
    assert check_up().findings == ()


def test_results_of_comparisons_without_a_batch_are_taken_home():
    """T35: by the task that each comparison names."""
    worlds.judged()
    Bundle.objects.update(on_results="llmprovider.keep_results")
    QueueItem.objects.update(finished_at=timezone.now() - timedelta(hours=1))
    mend()
    assert not QueueItem.objects.filter(delivered_at=None).exists()
