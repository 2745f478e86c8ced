"""A round too large for one transaction is launched in several, and looks the same in the end."""

from types import SimpleNamespace

import pytest
from django.utils import timezone

from assessment.lifecycle.cancelling import cancel
from assessment.lifecycle.monitoring import monitor
from assessment.lifecycle.starting import start
from assessment.lifecycle.waves import launching, long_launches
from assessment.lifecycle.waves.finishing import finish_wave
from assessment.models import ComparisonPair, PairAttempt
from llmprovider.contracts import ErrorType
from llmprovider.jobs.sweeping import sweep
from llmprovider.models import BatchAccount, BatchJob, Bundle, QueueItem
from tests.integration.assessment.essays import batch
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import at_once, set_queue
from tests.integration.spine import driving
from tests.integration.spine.brokers import Broker

BY_JOBS = {"llm_batching_mode_override": "provider_batch_api"}
PAIRS = 66  # of 12 essays
INSTALMENT = 20
# Transactions of a launch: pairs, items, the end.
COMMITS = 4 + 4 + 1


class Killed(BaseException):
    """The process dies here."""


@pytest.fixture(autouse=True)
def small_instalments(monkeypatch):
    for module in (launching, long_launches):
        monkeypatch.setattr(module, "INSTALMENT", INSTALMENT)
    monkeypatch.setattr(long_launches, "PAUSE", 0)


@pytest.fixture
def broker(db):
    empty = Broker()
    empty.take()
    yield empty
    empty.take()


def large(**overrides):
    """A batch of 66 pairs in one wave, whose launch is written down and not begun."""
    one = driving.started(batch(12, overrides={**BY_JOBS, **overrides}))
    assert (one.submitted, one.waves.get().size, QueueItem.objects.count()) == (0, 0, 0)
    return one


def launch(one, *, die_after=None, monkeypatch=None):
    """What the message does; `die_after`: so many of its transactions."""
    wave = one.waves.last()
    if die_after is not None:
        commits = iter(range(die_after, 0, -1))

        def pause(seconds):
            if next(commits) == 1:
                raise Killed

        monkeypatch.setattr(long_launches, "time", SimpleNamespace(sleep=pause))
        with pytest.raises(Killed):
            long_launches.go_on(one.pk, wave.number, wave.round)
        monkeypatch.setattr(long_launches, "time", SimpleNamespace(sleep=lambda seconds: None))
    else:
        long_launches.go_on(one.pk, wave.number, wave.round)
    one.refresh_from_db()
    return one


def is_whole(one, pairs=PAIRS):
    """Whether each pair of the wave is in the queue once, and in one job."""
    one.refresh_from_db()
    assert driving.counters(one) == driving.counted(one)
    assert one.submitted == pairs <= one.total_budget
    wave = one.waves.get()
    assert (wave.size, wave.launched_round, wave.planned) == (pairs, 1, [])
    ids = set(one.pairs.values_list("correlation_id", flat=True))
    assert set(QueueItem.objects.values_list("correlation_id", flat=True)) == ids
    assert set(PairAttempt.objects.values_list("correlation_id", flat=True)) == ids
    assert len(ids) == pairs
    assert [job.items for job in BatchJob.objects.all()] == [pairs]
    assert BatchAccount.objects.get().expected == 0


@pytest.mark.django_db(transaction=True)
def test_a_large_wave_is_launched_in_instalments(broker):
    """Source documents: all pairs in a single wave, in as few jobs as possible."""
    one = large()
    assert broker.take()[-1:] == [("assessment.launch_wave", [one.pk, 1, 1])]
    is_whole(launch(one))
    assert [name for name, _ in broker.take()] == ["llmprovider.submit_job"]
    one = driving.run(one)
    assert (one.status, one.stop_reason) == ("COMPLETED", "coverage_complete")
    assert (one.completed, one.waves.count()) == (PAIRS, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("commits", [1, 4, 5, COMMITS - 1])
def test_a_launch_that_is_killed_goes_on_from_the_rows(broker, monkeypatch, commits):
    """T19: between any two transactions; nothing is judged, weighed or sent before it is whole."""
    one = launch(large(), die_after=commits, monkeypatch=monkeypatch)
    assert driving.counters(one) == driving.counted(one)
    assert one.submitted == one.waves.get().size == min(PAIRS, commits * INSTALMENT)
    finish_wave(one.pk, 1, 1)
    sweep(timezone.now())
    assert not BatchJob.objects.exists() or commits == COMMITS - 1
    broker.take()
    monitor(timezone.now(), lone_process=True)
    assert broker.take() == [("assessment.launch_wave", [one.pk, 1, 1])]
    is_whole(launch(one))


@pytest.mark.django_db
@pytest.mark.parametrize("step", ["store_pairs", "store_attempts", "note_launched"])
def test_a_kill_inside_a_transaction_leaves_none_of_it(monkeypatch, step):
    one = large()

    def dies(*arguments):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(long_launches, step, dies)
        with pytest.raises(Killed):
            launch(one)
    assert driving.counters(one) == driving.counted(one)
    is_whole(launch(one))


@pytest.mark.django_db(transaction=True)
def test_two_who_launch_at_once_store_everything_once():
    """P-17"""
    one = large()
    at_once(2, lambda: long_launches.go_on(one.pk, 1, 1))
    is_whole(launch(one))


@pytest.mark.django_db
def test_its_calls_are_those_of_a_launch_in_one_go(monkeypatch):
    """A wave that is cut into instalments sends no text more often."""

    def shape(one):
        shown = {pair.correlation_id: pair for pair in one.pairs.all()}
        return sorted(
            sorted(
                (shown[item.correlation_id].essay_a.name, shown[item.correlation_id].essay_b.name)
                for item in bundle.items.all()
            )
            for bundle in Bundle.objects.filter(batch_key=str(one.pk))
        )

    set_queue(monkeypatch, SERIAL_BUNDLE_MAX_REQUESTS_PER_CALL=7)
    bundles = {"batch_fill": "bundles"}
    in_parts = shape(launch(large(**bundles)))
    monkeypatch.setattr(launching, "INSTALMENT", PAIRS)
    at_one_go = shape(driving.started(batch(12, overrides={**BY_JOBS, **bundles})))
    assert in_parts == at_one_go
    assert max(map(len, in_parts)) == 7


@pytest.mark.django_db
@pytest.mark.parametrize("commits", [2, 6])
def test_cancelling_in_the_middle_leaves_nothing_behind(monkeypatch, commits):
    one = launch(large(), die_after=commits, monkeypatch=monkeypatch)
    assert cancel(one.pk)
    launch(one)
    assert driving.counters(one) == (0, 0, 0) == driving.counted(one)
    assert one.status == "CANCELLED"
    assert set(one.pairs.values_list("status", flat=True)) == {"withdrawn"}
    assert not QueueItem.objects.filter(status="queued").exists()
    assert BatchAccount.objects.get().expected == 0
    assert one.waves.get().planned == []


@pytest.mark.django_db
def test_two_large_waves_do_not_stop_each_other_half_way(monkeypatch):
    """T4: the places of what is still to come are taken."""
    set_queue(monkeypatch, QUEUE_CAPACITY=100)
    first = launch(large(), die_after=6, monkeypatch=monkeypatch)
    second = driving.started(batch(12, overrides=BY_JOBS))
    assert second.status == "PENDING"
    launch(first)
    assert QueueItem.objects.count() == PAIRS
    assert driving.run(first).completed == PAIRS
    start(second.pk)
    second.refresh_from_db()
    launch(second)
    assert driving.run(second).completed == PAIRS


@pytest.mark.django_db
def test_many_failed_comparisons_are_asked_again_in_instalments(broker, monkeypatch):
    """A retry is a round of the same wave, whole before it is weighed."""
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1, BATCH_API_MODE="disabled")
    judges.put_in(monkeypatch, *[judges.failing(ErrorType.OVERLOADED)] * 2, judges.well)
    one = driving.answered(launch(large()))
    assert driving.counters(one) == (PAIRS, 0, PAIRS)
    wave = driving.weigh(one)
    assert (wave.round, wave.launched_round, wave.decision) == (2, 1, "RETRY_FAILED")
    launch(one, die_after=3, monkeypatch=monkeypatch)
    assert driving.counters(one) == (PAIRS, 0, PAIRS - 3 * INSTALMENT) == driving.counted(one)
    finish_wave(one.pk, 1, 2)
    launch(one)
    assert driving.counters(one) == (PAIRS, 0, 0) == driving.counted(one)
    retries = QueueItem.objects.filter(status="queued")
    assert {item.metadata["cj_request_type"] for item in retries} == {"cj_retry"}
    assert {item.metadata["preferred_bundle_size"] for item in retries} == {64}
    one = driving.run(one)
    assert (one.status, one.completed, one.waves.count()) == ("COMPLETED", PAIRS, 1)


@pytest.mark.django_db
def test_answers_that_come_while_it_is_launched_count_and_are_not_weighed(broker, monkeypatch):
    """P-16: a live queue works the first instalments before the last has come."""
    set_queue(monkeypatch, BATCH_API_MODE="disabled", SERIAL_BUNDLE_MAX_REQUESTS_PER_CALL=5)
    one = launch(large(), die_after=6, monkeypatch=monkeypatch)
    driving.answered(one)
    assert 0 < one.completed < PAIRS
    assert not one.pairs.filter(status=ComparisonPair.Status.FAILED).exists()
    wave = driving.weigh(one)
    assert (one.status, wave.finished_round) == ("COMPARING", 0)
    launch(one)
    one = driving.run(one)
    assert (one.status, one.completed, one.waves.count()) == ("COMPLETED", PAIRS, 1)
