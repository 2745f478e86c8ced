"""A kill or a lost message between any two steps: the rows alone tell how to go on."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from assessment.lifecycle import monitoring
from assessment.lifecycle.finalising import finalise
from assessment.lifecycle.monitoring import monitor
from assessment.lifecycle.starting import start
from assessment.lifecycle.waves.finishing import finish_wave
from assessment.models import Batch, ComparisonPair
from cjproject.celery import app
from llmprovider.models import QueueItem
from llmprovider.queueing.clean_up import clean_up as queue_clean_up
from tests.integration.assessment.essays import batch
from tests.integration.llmprovider.comparisons import queued, set_queue
from tests.integration.spine import driving
from tests.integration.spine.brokers import Broker

LATER = timedelta(seconds=11)
SINGLES = {"pairing_strategy": "balanced"}


@pytest.fixture
def broker(db):
    """The in-memory broker without a worker; empty before and after."""
    empty = Broker()
    empty.take()
    yield empty
    empty.take()


def test_a_batch_whose_start_was_lost_is_started(broker):
    """P-07, T6"""
    one = batch(4)
    monitor(timezone.now() + LATER)
    assert broker.take() == [("assessment.start_batch", [one.pk])]


def test_an_answered_wave_that_nobody_weighed_is_weighed(broker):
    """P-07, P-23"""
    one = driving.answered(driving.started(batch(4)))
    broker.take()
    monitor(timezone.now() + LATER)
    assert broker.take() == [("assessment.finish_wave", [one.pk, 1, 1])]


def test_a_batch_that_nobody_scored_is_scored(broker):
    """P-33"""
    one = driving.answered(driving.started(batch(4)))
    driving.weigh(one)
    assert one.status == "SCORING"
    broker.take()
    monitor(timezone.now() + LATER)
    assert broker.take() == [("assessment.finalise_batch", [one.pk])]


def test_it_leaves_alone_what_is_under_way(broker):
    """P-31"""
    driving.started(batch(4))
    driving.judge(Batch.objects.get())
    monitor(timezone.now() + LATER)
    assert broker.take() == []


def test_however_many_wait_for_their_judges_another_is_woken(broker, monkeypatch):
    """P-07: batches whose answers take a day are not looked at before all others, at every sweep"""
    monkeypatch.setattr(monitoring, "CHUNK", 2)
    for _ in range(2):
        driving.started(batch(4))
    one = batch(4)
    broker.take()
    monitor(timezone.now() + LATER)
    assert broker.take() == [("assessment.start_batch", [one.pk])]


def test_it_gives_a_message_time_to_arrive(broker):
    one = driving.answered(driving.started(batch(4)))
    broker.take()
    monitor(one.last_activity_at + timedelta(seconds=9))
    assert broker.take() == []


def test_the_only_process_need_not_wait(broker):
    one = driving.answered(driving.started(batch(4)))
    broker.take()
    monitor(timezone.now(), lone_process=True)
    assert broker.take() == [("assessment.finish_wave", [one.pk, 1, 1])]


def test_it_leaves_ended_batches_alone(broker):
    driving.run(batch(4))
    broker.take()
    monitor(timezone.now() + LATER)
    assert broker.take() == []


def test_it_does_no_scoring_of_its_own(broker):
    """P-30"""
    one = driving.answered(driving.started(batch(4)))
    monitor(timezone.now() + LATER)
    one.refresh_from_db()
    assert (one.status, one.result) == ("COMPARING", None)


def test_a_wave_that_waited_for_room_is_weighed_again(broker, monkeypatch):
    one = driving.answered(driving.started(batch(10, overrides=SINGLES)))
    queued(18, batch_key="another")
    set_queue(monkeypatch, QUEUE_CAPACITY=20)
    driving.weigh(one)
    broker.take()
    monitor(timezone.now() + LATER)
    assert broker.take() == [("assessment.finish_wave", [one.pk, 1, 1])]


@pytest.mark.django_db
def test_a_kill_after_any_step_changes_no_result():
    """P-23: every step may have been done before its message is worked again."""

    def ends(times: int) -> dict[str, object]:
        one = batch(9, max_comparisons_override=36, overrides=SINGLES)
        for _ in range(times):
            start(one.pk)
        for _ in range(40):
            one.refresh_from_db()
            if one.ended:
                break
            for _ in range(times):
                driving.answered(one)
            wave = one.waves.last()
            for _ in range(times):
                finish_wave(one.pk, wave.number, wave.round)
            for _ in range(times):
                finalise(one.pk)
        return {
            "end": (one.status, one.stop_reason, one.submitted, one.completed, one.failed),
            "scores": list(one.essays.values_list("name", "projection__score")),
        }

    with_kills = _in_a_database_of_its_own(lambda: ends(3))
    assert with_kills == _in_a_database_of_its_own(lambda: ends(1))


def _in_a_database_of_its_own(work):
    with transaction.atomic():
        result = work()
        transaction.set_rollback(True)
    return result


@pytest.mark.parametrize("alone", [True, False])
def test_a_batch_that_slept_with_its_process_goes_on(broker, alone):
    """P-31, P-23: a night without any process is no fault of the batch, and no reason to end it."""
    one = driving.answered(driving.started(batch(10, overrides=SINGLES)))
    broker.take()
    monitor(timezone.now() + timedelta(hours=9), lone_process=alone)
    one.refresh_from_db()
    assert (one.status, one.stop_reason) == ("COMPARING", "")
    assert broker.take() == [("assessment.finish_wave", [one.pk, 1, 1])]


def test_a_batch_that_slept_before_its_start_is_started(broker):
    """P-23"""
    one = batch(4)
    monitor(timezone.now() + timedelta(hours=9), lone_process=True)
    one.refresh_from_db()
    assert one.status == "PENDING"
    assert broker.take() == [("assessment.start_batch", [one.pk])]


def test_a_batch_that_slept_in_mid_wave_keeps_its_place(broker):
    """P-23: its comparisons are still in the queue, and can be judged."""
    one = driving.started(batch(10, overrides=SINGLES))
    monitor(timezone.now() + timedelta(hours=9), lone_process=True)
    one.refresh_from_db()
    assert one.status == "COMPARING"
    assert driving.run(one).status == "COMPLETED"


@pytest.fixture
def silent_batch(broker):
    """A batch whose queue items are gone, so that no message can help."""
    one = driving.started(
        batch(6, overrides={"llm_batching_mode_override": "per_request", **SINGLES})
    )
    driving.judge(one)
    return one


def lose_answers(one: Batch, count: int) -> None:
    lost = list(QueueItem.objects.filter(batch_key=str(one.pk))[:count])
    QueueItem.objects.filter(pk__in=[item.pk for item in lost]).delete()
    driving.record(one)


def recover(one: Batch) -> Batch:
    """Sweeps past the time-out, and the task that each of their messages names."""
    app.loader.import_default_modules()  # as a worker does: it makes the tasks known
    for hours in range(5, 30, 5):
        monitor(timezone.now() + timedelta(hours=hours))
        for name, arguments in Broker().take():
            app.tasks[name].apply(arguments)
    one.refresh_from_db()
    return one


def test_a_stuck_batch_with_most_answers_is_scored_as_recovered(silent_batch):
    """P-30, P-32"""
    lose_answers(silent_batch, 1)
    one = recover(silent_batch)
    assert (one.status, one.stop_reason) == ("COMPLETED", "forced_recovery")
    assert one.result["measurement"]
    assert one.pairs.filter(status=ComparisonPair.Status.PENDING).count() == 0


def test_a_stuck_batch_with_few_answers_fails(silent_batch):
    """P-32, P-34"""
    lose_answers(silent_batch, silent_batch.submitted - 2)
    one = recover(silent_batch)
    assert (one.status, one.stop_reason) == ("FAILED", "stuck_timeout")


def test_a_batch_that_cannot_be_started_fails_after_its_time(broker, monkeypatch):
    """P-33: every state that is not an end is watched."""
    one = batch(4)
    monkeypatch.setattr("assessment.lifecycle.starting.plan_next_wave", fail)
    for hours in (1, 3, 7, 13):
        monitor(timezone.now() + timedelta(hours=hours))
        with suppress(ZeroDivisionError):
            start(one.pk)
        finalise(one.pk)
    one.refresh_from_db()
    assert (one.status, one.stop_reason) == ("FAILED", "stuck_timeout")


def test_a_quiet_batch_is_not_told_to_go_on_at_every_sweep(broker):
    one = driving.answered(driving.started(batch(10, overrides=SINGLES)))
    broker.take()
    later = timezone.now() + LATER
    for seconds in range(0, 60, 15):
        monitor(later + timedelta(seconds=seconds))
    assert broker.take() == [("assessment.finish_wave", [one.pk, 1, 1])]
    monitor(later + timedelta(seconds=61))
    assert len(broker.take()) == 1


def test_a_night_without_any_process_expires_nothing(broker):
    """What nobody could judge has not waited for anybody."""
    one = driving.started(batch(10, overrides=SINGLES))
    queue_clean_up(timezone.now() + timedelta(hours=9), lone_process=True)
    assert set(QueueItem.objects.values_list("status", flat=True)) == {"queued"}
    assert driving.run(one).failed == 0


def fail(*_: object) -> None:
    raise ZeroDivisionError
